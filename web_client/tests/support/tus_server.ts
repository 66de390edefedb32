import type { HttpRequest, HttpResponse, HttpStack } from 'tus-js-client'

/** What a test makes of a request before the server sees it; null: the server answers. */
export type Interference = (method: string, number: number) => { status: number; body?: string } | 'cut' | null

/** A server of tus 1.0 in memory, as requests of tus-js-client meet it. */
export class TusServer implements HttpStack {
  readonly requests: { readonly method: string; readonly url: string; readonly headers: Record<string, string> }[] = []
  received = 0
  size = 0
  interfere: Interference = () => null
  private held: { readonly method: string; readonly came: () => void } | null = null

  /** Waits for a request of this method, which is never answered. */
  holds(method: string): Promise<void> {
    return new Promise((came) => (this.held = { method, came }))
  }

  getName(): string {
    return 'TusServer'
  }

  createRequest(method: string, url: string): HttpRequest {
    const headers: Record<string, string> = {}
    return {
      getMethod: () => method,
      getURL: () => url,
      setHeader: (name, value) => (headers[name] = value),
      getHeader: (name) => headers[name],
      setProgressHandler: () => {},
      abort: () => Promise.resolve(),
      getUnderlyingObject: () => null,
      send: async (body: { length?: number; size?: number } | null) => {
        this.requests.push({ method, url, headers })
        if (this.held?.method === method) {
          this.held.came()
          return new Promise<HttpResponse>(() => {})
        }
        const met = this.interfere(method, this.requests.length)
        if (met === 'cut') {
          this.received += method === 'PATCH' ? 1 : 0 // the server kept what came before the cut
          throw new Error('cut')
        }
        return met === null ? this.answer(method, headers, body?.size ?? body?.length ?? 0) : response(met.status, met.body)
      },
    }
  }

  private answer(method: string, headers: Record<string, string>, length: number): HttpResponse {
    if (method === 'POST') {
      this.size = Number(headers['Upload-Length'])
      return response(201, '', { Location: '/api/files/f1' })
    }
    if (method === 'PATCH') {
      if (Number(headers['Upload-Offset']) !== this.received) return response(409)
      this.received += length
    }
    const offset = { 'Upload-Offset': String(this.received), 'Upload-Length': String(this.size) }
    return response(method === 'HEAD' ? 200 : 204, '', offset)
  }
}

function response(status: number, body = '', headers: Record<string, string> = {}): HttpResponse {
  return {
    getStatus: () => status,
    getHeader: (name) => headers[name],
    getBody: () => body,
    getUnderlyingObject: () => null,
  }
}
