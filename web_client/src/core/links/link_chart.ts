/** A link's figures as shapes: paths and bands in the units of an SVG drawing. */
import type { LinkPoint, LinkSeconds, LinkSeries, SeenSeconds } from '../base/wire'

export type Seen = keyof SeenSeconds
export const SEEN: readonly Seen[] = ['h', 'm', 'l', 'stills', 'sound', 'offline']
export const LINK_STATES: readonly (keyof LinkSeconds)[] = ['good', 'fair', 'poor', 'offline']

/** The time that a drawing spans, and how wide it is. */
export interface Axis {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly width: number
}

export function across(axis: Axis, atMs: number): number {
  const span = Math.max(1, axis.endMs - axis.startMs)
  return (Math.max(0, Math.min(span, atMs - axis.startMs)) / span) * axis.width
}

/** The least of 1, 2, 5 × 10ⁿ that is not below the value: where an axis ends. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10
  return step * power
}

export type Figure = (point: LinkPoint) => number | null

/** The largest figure of all, to draw several charts to one scale; 0 without any. */
export function largest(series: readonly LinkSeries[], figure: Figure): number {
  return Math.max(0, ...series.flatMap((one) => one.points.map((point) => figure(point) ?? 0)))
}

const ROUND = 10 // tenths of a unit are finer than a screen
const round = (value: number) => Math.round(value * ROUND) / ROUND

/**
 * An SVG path through a figure, broken where steps are missing or nothing was measured.
 *
 * @param ceiling the figure at the drawing's top; larger ones are drawn there.
 */
export function linePath(axis: Axis, points: readonly LinkPoint[], figure: Figure, ceiling: number, height: number): string {
  const parts: string[] = []
  let before: number | null = null
  for (const point of points) {
    const value = figure(point)
    const at = Date.parse(point.at)
    if (value === null) {
      before = null
      continue
    }
    const joined = before !== null && at - before <= axis.stepMs * 1.5
    const y = height * (1 - Math.min(1, value / ceiling))
    parts.push(`${joined ? 'L' : 'M'}${round(across(axis, at + axis.stepMs / 2))} ${round(y)}`)
    if (!joined) parts.push('h0.1') // a step that stands alone is a dot, not nothing
    before = at
  }
  return parts.join('')
}

export interface Band {
  readonly x: number
  readonly width: number
  readonly seen: Seen
}

/** What was seen most in each step; steps of the same kind in one piece, missing steps left out. */
export function seenBands(axis: Axis, points: readonly LinkPoint[]): Band[] {
  const bands: { from: number; to: number; seen: Seen }[] = []
  for (const point of points) {
    const seen = mostly(point.seen)
    if (seen === null) continue
    const from = Date.parse(point.at)
    const to = from + axis.stepMs
    const last = bands[bands.length - 1]
    if (last !== undefined && last.seen === seen && from - last.to < axis.stepMs / 2) last.to = to
    else bands.push({ from, to, seen })
  }
  return bands.map(({ from, to, seen }) => {
    const x = round(across(axis, from))
    return { x, width: round(across(axis, to) - x), seen }
  })
}

/** What lasted longest; of equals the worse one. Null where there was nothing to see. */
export function mostly(seen: SeenSeconds): Seen | null {
  return SEEN.reduce<Seen | null>(
    (best, one) => (seen[one] > 0 && seen[one] >= (best === null ? 0 : seen[best]) ? one : best),
    null,
  )
}

export interface Share<K extends string> {
  readonly key: K
  /** 0…1 */
  readonly share: number
}

/** Seconds as shares of their sum, in the order given, without what never was. */
export function shares<K extends string>(seconds: Readonly<Record<K, number>>, order: readonly K[]): Share<K>[] {
  const sum = order.reduce((total, key) => total + seconds[key], 0)
  if (sum <= 0) return []
  return order.map((key) => ({ key, share: seconds[key] / sum })).filter(({ share }) => share > 0)
}

/** The step in which a place of the drawing lies; null beside all of them. */
export function pointAt(axis: Axis, points: readonly LinkPoint[], x: number): LinkPoint | null {
  const atMs = axis.startMs + (x / axis.width) * (axis.endMs - axis.startMs)
  return (
    points.find((point) => {
      const from = Date.parse(point.at)
      return from <= atMs && atMs < from + axis.stepMs
    }) ?? null
  )
}

/** Round hours and minutes to write under the drawing, at most so many. */
export function timeTicks(axis: Axis, most: number): number[] {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 240].map((one) => one * 60_000)
  const every = minutes.find((one) => (axis.endMs - axis.startMs) / one <= most) ?? 480 * 60_000
  const ticks: number[] = []
  for (let at = Math.ceil(axis.startMs / every) * every; at <= axis.endMs; at += every) ticks.push(at)
  return ticks
}
