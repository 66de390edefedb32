/** Which seconds of a resource were watched: each counts once, however often it is played. */

const JOIN_S = 0.5 // gaps between two looks at the player are no gaps of watching
const MAX_SPANS = 200 // of one resource: what is more is told to nobody
const STEP_S = 3 // a longer step between two looks is a jump

type WatchedSpan = readonly [number, number]

export class Watched {
  private spans: WatchedSpan[]
  private lastS: number | null = null

  constructor(spans: readonly WatchedSpan[] = []) {
    this.spans = spans.filter(([from, to]) => to > from).slice(0, MAX_SPANS)
  }

  /** Seconds that were watched at least once. They never become fewer. */
  get seconds(): number {
    return this.spans.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  get kept(): readonly WatchedSpan[] {
    return this.spans
  }

  /** The player is at this moment of the resource. While it does not play, nothing counts. */
  see(atS: number, playing: boolean): void {
    const before = this.lastS
    this.lastS = playing ? atS : null
    if (!playing || before === null) return
    const step = atS - before
    if (step > 0 && step <= STEP_S) this.add(before, atS)
  }

  private add(from: number, to: number): void {
    const apart: WatchedSpan[] = []
    let [start, end] = [from, to]
    for (const span of this.spans) {
      if (span[1] < start - JOIN_S || span[0] > end + JOIN_S) apart.push(span)
      else [start, end] = [Math.min(start, span[0]), Math.max(end, span[1])]
    }
    if (apart.length < MAX_SPANS) this.spans = [...apart, [start, end] as const].sort((a, b) => a[0] - b[0])
  }
}

/** Spans as they were written; nothing where they are not ours. */
export function spansOf(value: unknown): WatchedSpan[] {
  if (!Array.isArray(value)) return []
  return value.filter(
    (one): one is WatchedSpan => Array.isArray(one) && one.length === 2 && one.every((at) => typeof at === 'number' && Number.isFinite(at)),
  )
}
