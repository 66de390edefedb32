/** Path prefix of the server, read from `<base>`: `''`, or `/tongke` behind a proxy, for example. */
export const basePath =
  typeof document === 'undefined' ? '' : new URL(document.baseURI).pathname.replace(/\/[^/]*$/, '')
