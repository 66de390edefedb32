import type { Http } from '../../core/base/rest'

const TIMEOUT_MS = 5000

/** `fetch` with a time limit. Cookies go along to our own origin only. */
export const browserHttp: Http = async (request) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), request.patienceMs ?? TIMEOUT_MS)
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
