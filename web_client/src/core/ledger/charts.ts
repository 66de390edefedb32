/** What the charts of the ledger show, and how the keyboard moves in them. */
import type { HeatCell, LedgerHeat, LedgerRow } from '../base/wire'

/** One mark of a chart that leads to its lessons. `at` is its column and row. */
export interface Mark {
  readonly key: string
  readonly at: readonly [column: number, row: number]
}

/** Bounds between the bands of a rate; the last band is a full rate. */
export const BAND_BOUNDS = [0.6, 0.8, 0.95, 1] as const
/** The band of what was not required: nothing can be said of its rate. */
export const NO_BAND = BAND_BOUNDS.length + 1

/** The band of a rate: 0 below the first bound, 4 for a full rate. */
export function bandOf(rate: number | null): number {
  if (rate === null) return NO_BAND
  const above = BAND_BOUNDS.findIndex((bound) => rate < bound - 1e-9)
  return above === -1 ? BAND_BOUNDS.length : above
}

export interface Bar {
  readonly row: LedgerRow
  readonly held: number
  /** What is still owed; a group that held more than required owes nothing. */
  readonly lacking: number
}

/** Bars, the lowest rate first; groups of which nothing was required stand last. */
export function barsOf(rows: readonly LedgerRow[]): readonly Bar[] {
  const rate = (row: LedgerRow) => row.figures.delivery_rate ?? Infinity
  return [...rows]
    .sort((a, b) => (rate(a) === rate(b) ? 0 : rate(a) - rate(b)))
    .map((row) => ({ row, held: row.figures.held, lacking: Math.max(0, row.figures.required - row.figures.held) }))
}

export interface HeatPlace {
  readonly point: string
  readonly pointId: string
  readonly cell: HeatCell
  readonly at: readonly [column: number, row: number]
}

/** The cells of some pages of points, column by week. The weeks of all pages are put together. */
export function heatPlaces(pages: readonly LedgerHeat[]): { weeks: readonly string[]; places: readonly HeatPlace[] } {
  const weeks = [...new Set(pages.flatMap((page) => page.weeks))].sort()
  const column = new Map(weeks.map((week, index) => [week, index]))
  const places = pages
    .flatMap((page) => page.rows)
    .flatMap((row, index) =>
      row.cells.map((cell) => ({
        point: row.school,
        pointId: row.school_id,
        cell,
        at: [column.get(cell.week) ?? 0, index] as const,
      })),
    )
  return { weeks, places }
}

export function heatRate(cell: HeatCell): number | null {
  return cell.required === 0 ? null : cell.held / cell.required
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/**
 * The mark to which a key leads, by its index; null: the key is not the chart's.
 *
 * In a chart of one row or column both pairs of arrows move along it. A gap is stepped over: the next mark in
 * the same line follows.
 */
export function markAfter(marks: readonly Pick<Mark, 'at'>[], now: number, key: string): number | null {
  const last = marks.length - 1
  if (last < 0) return null
  if (key === 'Home') return 0
  if (key === 'End') return last
  const step = STEPS[key]
  if (step === undefined) return null
  const here = marks[now]
  if (here === undefined) return 0
  const [column, row] = here.at
  const flat = marks.every(({ at }) => at[1] === row) || marks.every(({ at }) => at[0] === column)
  if (flat) return Math.min(last, Math.max(0, now + step[0] + step[1]))
  const [along, across] = step[0] === 0 ? ([1, 0] as const) : ([0, 1] as const)
  const sign = step[along]
  let best = now
  let distance = Infinity
  marks.forEach(({ at }, index) => {
    const far = (at[along] - here.at[along]) * sign
    if (at[across] === here.at[across] && far > 0 && far < distance) [best, distance] = [index, far]
  })
  return best
}

/** The mark at a place of the axes; in a chart of one row or column the other axis does not matter. */
export function markAt(marks: readonly Pick<Mark, 'at'>[], column: number, row: number): number | null {
  const oneColumn = marks.every(({ at }) => at[0] === 0)
  const oneRow = marks.every(({ at }) => at[1] === 0)
  const index = marks.findIndex(({ at }) => (oneColumn || at[0] === column) && (oneRow || at[1] === row))
  return index === -1 ? null : index
}
