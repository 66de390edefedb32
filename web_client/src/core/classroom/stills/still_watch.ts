/** Notices, in small grey samples of courseware, that its page has changed and stands still now. */

export const SAMPLE_WIDTH = 160
export const SAMPLE_HEIGHT = 90
export const SAMPLE_EVERY_MS = 500

const NOISE = 14 // of 255: what scaling and capture move without anything having changed
const CHANGED_PIXELS = 12 // of 14400: a word that was added, not the pointer's arrow
const MOVING_PIXELS = 4
export const APART_MS = 2000 // as often as the server hands stills on
export const RESTLESS_MS = 5000 // of a page that never stands (a film, an animation)
export const UNNEEDED_RESTLESS_MS = 20_000 // while all see the film itself
export const REFRESH_MS = 30_000 // where somebody lives on stills: what the sample is too coarse for

export class StillWatch {
  private taken: Uint8Array | null = null
  private last: Uint8Array | null = null
  private takenAt = -Infinity
  private changedAt: number | null = null

  /**
   * @param sample grey values, row by row, `SAMPLE_WIDTH` × `SAMPLE_HEIGHT`.
   * @param needed somebody sees stills in place of the video.
   * @param now milliseconds.
   * @returns whether to take a still now.
   */
  see(sample: Uint8Array, needed: boolean, now: number): boolean {
    const stands = this.last !== null && differing(this.last, sample) <= MOVING_PIXELS
    this.last = sample
    if (this.taken === null) return this.take(sample, now)
    const changed = differing(this.taken, sample) >= CHANGED_PIXELS
    this.changedAt = changed ? (this.changedAt ?? now) : null
    const restlessMs = needed ? RESTLESS_MS : UNNEEDED_RESTLESS_MS
    const sinceMs = now - this.takenAt
    const due =
      (changed && stands) ||
      (this.changedAt !== null && now - this.changedAt >= restlessMs) ||
      (needed && sinceMs >= REFRESH_MS)
    return due && sinceMs >= APART_MS && this.take(sample, now)
  }

  /** The last still did not arrive: take another one as soon as it is allowed. */
  forget(): void {
    this.taken = null
  }

  private take(sample: Uint8Array, now: number): boolean {
    if (now - this.takenAt < APART_MS) return false
    this.taken = sample
    this.takenAt = now
    this.changedAt = null
    return true
  }
}

function differing(a: Uint8Array, b: Uint8Array): number {
  let count = 0
  for (let index = 0; index < a.length; index += 1) {
    if (Math.abs((a[index] ?? 0) - (b[index] ?? 0)) > NOISE) count += 1
  }
  return count
}

export const STILL_MAX_BYTES = 48 * 1024 // what the server takes

/** One way to encode a still. */
export interface StillTry {
  readonly width: number
  readonly height: number
  readonly quality: number
}

/** Widths and qualities, best first: letters lose less by a coarser quality than by fewer pixels. */
const TRIES: readonly (readonly [number, number])[] = [
  [1600, 0.8],
  [1280, 0.8],
  [1280, 0.6],
  [1280, 0.4],
  [960, 0.5],
  [960, 0.3],
  [960, 0.15],
  [640, 0.3], // not legible any more, but the right page
  [640, 0.05],
]

/** How to encode a picture of this size until one fits into `STILL_MAX_BYTES`; never larger than it is. */
export function stillTries(width: number, height: number): StillTry[] {
  return TRIES.map(([most, quality]) => {
    const scale = Math.min(1, most / width)
    return { width: Math.round(width * scale), height: Math.round(height * scale), quality }
  })
}
