import { expect, it } from 'vitest'
import { browserKind } from '../../../../src/core/media/devices/browser_kind'

const CHROME = 'Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36'

it.each([
  [CHROME, 'chromium'],
  [`${CHROME} Edg/86.0.622.69`, 'chromium'],
  [`${CHROME} QIHU 360SE`, 'qihoo'],
  [`${CHROME} QIHU 360EE`, 'qihoo'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'firefox'],
] as const)('%s', (userAgent, kind) => {
  expect(browserKind(userAgent)).toBe(kind)
})
