/** The kind of browser, as far as people must click elsewhere in it. Texts `device.allow.*`. */

export type BrowserKind = 'chromium' | 'qihoo' | 'firefox'

/** @param userAgent `navigator.userAgent`. The 360 browsers name themselves only in some of their modes. */
export function browserKind(userAgent: string): BrowserKind {
  if (/QIHU|360SE|360EE|QHBrowser/i.test(userAgent)) return 'qihoo'
  return /Firefox\//.test(userAgent) ? 'firefox' : 'chromium'
}
