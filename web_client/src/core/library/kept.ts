/** 剪辑 as data: which spans of a recording are kept, and how its time becomes the viewer's time. */
import { MAX_KEPT, type Span } from '../base/wire'

export const LEAST_S = 1 // s; the server takes no shorter part
const SAME_S = 0.001 // times differ by less only because of their decimals

export interface Removed extends Span {
  readonly where: 'start' | 'middle' | 'end' | 'all'
}

/** Rounded to milliseconds, so that what is sent reads like what is shown. */
const neat = (seconds: number): number => Math.round(seconds * 1000) / 1000

/** Sorted, within the recording, without overlaps; pieces that are too short fall away. */
function tidy(spans: readonly Span[], durationS: number): Span[] {
  const inside = spans
    .map(({ start_s: from, end_s: to }) => ({ start_s: neat(Math.max(0, from)), end_s: neat(Math.min(durationS, to)) }))
    .filter(({ start_s: from, end_s: to }) => to - from > SAME_S)
    .sort((a, b) => a.start_s - b.start_s)
  const joined: Span[] = []
  for (const span of inside) {
    const before = joined[joined.length - 1]
    if (before !== undefined && span.start_s - before.end_s <= SAME_S) {
      joined[joined.length - 1] = { start_s: before.start_s, end_s: Math.max(before.end_s, span.end_s) }
    } else joined.push(span)
  }
  return joined
}

/** The kept spans of a recording. Everything is kept where none is named. */
export class Kept {
  readonly spans: readonly Span[]
  /** Seconds that a viewer sees. */
  readonly lengthS: number

  constructor(
    keep: readonly Span[],
    readonly durationS: number,
  ) {
    const tidied = tidy(keep, durationS)
    this.spans = tidied.length === 0 ? [{ start_s: 0, end_s: durationS }] : tidied
    this.lengthS = this.spans.reduce((sum, span) => sum + span.end_s - span.start_s, 0)
  }

  get startS(): number {
    return this.spans[0]?.start_s ?? 0
  }

  get endS(): number {
    return this.spans[this.spans.length - 1]?.end_s ?? this.durationS
  }

  /** Nothing was cut off or out. */
  get whole(): boolean {
    return this.removed.length === 0
  }

  /** As the server keeps it: nothing is named where everything is kept. */
  get keep(): readonly Span[] {
    return this.whole ? [] : this.spans
  }

  /** What is not kept, in order. */
  get removed(): readonly Removed[] {
    const out: Removed[] = []
    let from = 0
    for (const span of [...this.spans, { start_s: this.durationS, end_s: this.durationS }]) {
      if (span.start_s - from > SAME_S) {
        const where = from === 0 ? 'start' : span.start_s >= this.durationS ? 'end' : 'middle'
        out.push({ start_s: from, end_s: span.start_s, where })
      }
      from = span.end_s
    }
    return out
  }

  holds(atS: number): boolean {
    return this.spans.some((span) => atS >= span.start_s && atS < span.end_s)
  }

  /** Where a player goes on that has come to this moment: past a cut, or null behind the end. */
  onward(atS: number): number | null {
    const span = this.spans.find((one) => atS < one.end_s - SAME_S)
    return span === undefined ? null : Math.max(atS, span.start_s)
  }

  /** Seconds until the next cut or the end. */
  runsFor(atS: number): number {
    const span = this.spans.find((one) => atS < one.end_s)
    return span === undefined ? 0 : Math.max(0, span.end_s - atS)
  }

  /** Viewer's time of a moment. All moments of a cut fall together. */
  toKept(atS: number): number {
    let seen = 0
    for (const span of this.spans) {
      if (atS < span.start_s) break
      seen += Math.min(atS, span.end_s) - span.start_s
    }
    return seen
  }

  /** Moment of a viewer's time; at a cut it is the moment behind it. */
  toWhole(keptS: number): number {
    let left = Math.max(0, keptS)
    for (const span of this.spans) {
      const length = span.end_s - span.start_s
      if (left < length) return span.start_s + left
      left -= length
    }
    return this.endS
  }

  /** Parts of spans that a viewer sees, in viewer's time, with what they carry. */
  seen<T extends Span>(spans: readonly T[]): T[] {
    return spans
      .map((span) => ({ ...span, start_s: this.toKept(span.start_s), end_s: this.toKept(span.end_s) }))
      .filter((span) => span.end_s - span.start_s > SAME_S)
  }

  /** Takes a span out. What would leave too little is refused: null. */
  without(fromS: number, toS: number): Kept | null {
    const [from, to] = fromS <= toS ? [fromS, toS] : [toS, fromS]
    if (to - from < LEAST_S) return null
    const parts = this.spans.flatMap((span) => [
      { start_s: span.start_s, end_s: Math.min(span.end_s, from) },
      { start_s: Math.max(span.start_s, to), end_s: span.end_s },
    ])
    return this.of(parts.filter((span) => span.end_s - span.start_s >= LEAST_S))
  }

  /** Everything before this moment goes. */
  startingAt(atS: number): Kept | null {
    return this.edged(atS, null)
  }

  /** Everything behind this moment goes. */
  endingAt(atS: number): Kept | null {
    return this.edged(null, atS)
  }

  /** Puts a removed part back. */
  withAgain(part: Span): Kept {
    return new Kept([...this.spans, part], this.durationS)
  }

  /** One edge of a removed part is moved; other parts stay as they are, and never overlap it. */
  moved(index: number, edge: 'start_s' | 'end_s', toS: number): Kept | null {
    const part = this.removed[index]
    if (part === undefined) return null
    const before = this.removed[index - 1]
    const after = this.removed[index + 1]
    const low = edge === 'start_s' ? (before ? before.end_s + LEAST_S : 0) : part.start_s + LEAST_S
    const high = edge === 'end_s' ? (after ? after.start_s - LEAST_S : this.durationS) : part.end_s - LEAST_S
    const next = { start_s: part.start_s, end_s: part.end_s, [edge]: Math.min(high, Math.max(low, toS)) }
    return this.withAgain(part).without(next.start_s, next.end_s)
  }

  same(other: Kept): boolean {
    const { spans } = other
    return (
      spans.length === this.spans.length &&
      spans.every((span, n) => {
        const mine = this.spans[n]
        return mine !== undefined && near(mine.start_s, span.start_s) && near(mine.end_s, span.end_s)
      })
    )
  }

  private edged(startS: number | null, endS: number | null): Kept | null {
    const from = startS ?? this.startS
    const to = endS ?? this.endS
    const inside = this.spans
      .map((span) => ({ start_s: Math.max(from, span.start_s), end_s: Math.min(to, span.end_s) }))
      .filter((span) => span.end_s - span.start_s > SAME_S)
    // An edge in a removed part brings back what lies between it and the rest.
    if (startS !== null && inside[0] !== undefined) inside[0] = { ...inside[0], start_s: from }
    const last = inside[inside.length - 1]
    if (endS !== null && last !== undefined) inside[inside.length - 1] = { ...last, end_s: to }
    return this.of(inside)
  }

  private of(spans: readonly Span[]): Kept | null {
    const length = spans.reduce((sum, span) => sum + span.end_s - span.start_s, 0)
    if (length < LEAST_S || spans.length > MAX_KEPT) return null
    return new Kept(spans, this.durationS)
  }
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_S
