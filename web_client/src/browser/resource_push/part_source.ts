/** Parts of files over the network, by ranges. */
import { ApiError } from '../../core/base/rest'
import type { Part, PartSource } from '../../core/resource_push/fetcher'
import { pushed } from './api'

const PATIENCE_MS = 60_000 // a part of 1 MiB at 150 kbit/s

async function part(url: string, from: number, to: number): Promise<Part> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), PATIENCE_MS)
  try {
    const response = await fetch(url, {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { Range: `bytes=${String(from)}-${String(to)}` },
      signal: controller.signal,
    })
    if (!response.ok) throw new ApiError(response.status, 'http_error', url, null)
    const bytes = await response.blob()
    if (response.status !== 206) return { bytes, total: bytes.size } // the whole file, as of a playlist
    const total = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')
    return { bytes, total: total === null ? from + bytes.size : Number(total[1]) }
  } catch (failure) {
    if (failure instanceof ApiError) throw failure
    throw new ApiError(0, 'network', String(failure), null)
  } finally {
    clearTimeout(timer)
  }
}

export const browserSource: PartSource = { detail: (id) => pushed.detail(id), part }
