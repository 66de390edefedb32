import type { Http } from '../../core/base/rest'

/** An answer of 200 KB takes so long over 100 kbit/s, and a school's server may be busy: giving up helps nobody. */
const PATIENCE_MS = 20_000

/** `fetch` with a time limit. Cookies go along to our own origin only. */
export const browserHttp: Http = async (request) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), request.patienceMs ?? PATIENCE_MS)
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: controller.signal,
      ...(request.body === undefined ? {} : { body: request.body as BodyInit }),
      ...(request.keepAlive === true ? { keepalive: true } : {}),
    })
    const text = await response.text()
    return { status: response.status, header: (name) => response.headers.get(name), text }
  } finally {
    clearTimeout(timer)
  }
}
