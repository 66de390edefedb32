/** How fast an upload is, and how long it will take. */

const WINDOW_MS = 15_000 // looked back: a line that becomes slower is told of soon
const LEAST_MS = 1500 // before the first figure, which would jump

export class Speed {
  private readonly seen: { readonly at: number; readonly bytes: number }[] = []

  /** Notes how many bytes of all have been sent. Fewer than before: what was sent got lost. */
  note(at: number, bytes: number): void {
    const last = this.seen[this.seen.length - 1]
    if (last !== undefined && bytes < last.bytes) this.forget()
    this.seen.push({ at, bytes })
    while (this.seen.length > 2 && at - (this.seen[1]?.at ?? at) > WINDOW_MS) this.seen.shift()
  }

  /** Begins anew, after a pause. */
  forget(): void {
    this.seen.length = 0
  }

  /** Bytes in a second; null: not known yet. */
  get bytesPerS(): number | null {
    const first = this.seen[0]
    const last = this.seen[this.seen.length - 1]
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return null
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at)
  }

  /** Seconds until so many bytes are sent; null: nobody knows. */
  leftS(bytes: number): number | null {
    const speed = this.bytesPerS
    return speed === null || speed <= 0 ? null : Math.ceil(bytes / speed)
  }
}
