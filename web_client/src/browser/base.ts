/** The path below which all of the server lies: `''`, or such as `/tongke` behind a proxy; from `<base>`. */
export const basePath =
  typeof document === 'undefined' ? '' : new URL(document.baseURI).pathname.replace(/\/[^/]*$/, '')
