import type { OpenSocket } from '../../core/classroom/control'
import { basePath } from '../base/base_path'

/** A WebSocket behind core's seam. It does not tell about a close that the page asked for. */
export const openBrowserSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url)
  let closed = false
  const closeOnce = () => {
    if (!closed) events.closed()
    closed = true
  }
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === 'string') events.received(event.data)
  }
  socket.onclose = closeOnce
  socket.onerror = closeOnce
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close() {
      closed = true
      socket.close()
    },
  }
}

/** `ws:` or `wss:` on our own origin; `path` without what a proxy puts before it. */
export function socketUrl(path: string): string {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${basePath}${path}`
}
