/** How many bytes one request of an upload carries: little on a slow line, much on a fast one. */

export const LEAST_CHUNK = 512 * 1024 // 4 s on a link of 1 Mbit/s; a proxy's bound is often 1 MB
export const MOST_CHUNK = 16 * 1024 * 1024 // held in memory by the browser while it is sent
const SOON_MS = 2000 // a request that takes less is no burden: the next carries twice as much
const LATE_MS = 8000 // a server gives a request 30 s

export class ChunkSize {
  bytes = LEAST_CHUNK
  private most = MOST_CHUNK

  /** Notes how long a request with so many bytes took. */
  took(bytes: number, ms: number): void {
    if (ms > LATE_MS) this.bytes = Math.max(LEAST_CHUNK, this.bytes / 2)
    else if (ms < SOON_MS && bytes >= this.bytes) this.bytes = Math.min(this.most, this.bytes * 2)
  }

  /** Notes that a proxy takes no such bodies; whether smaller ones are left to try. */
  tooLarge(): boolean {
    if (this.bytes <= LEAST_CHUNK) return false
    this.bytes = this.most = LEAST_CHUNK
    return true
  }
}
