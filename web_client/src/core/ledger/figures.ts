/** How the page reads the ledger's figures: rates, and the part of the ledger behind a row. */
import { dayAfter } from '../base/county_time'
import type { Completeness, LedgerArea, LedgerFigures, LedgerRow } from '../base/wire'
import type { LedgerPart } from './api'

/** The groupings that a page offers; those of counties only above counties. */
export const GROUPINGS = ['county', 'point', 'class', 'subject', 'week'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** The figures that the page explains, in the order in which people read them. */
export const FIGURES = [
  ...(['rate', 'planned', 'required', 'held', 'valid', 'excused', 'unexcused', 'awaiting'] as const),
  ...(['complete', 'sufficient', 'covered', 'seen', 'pupils', 'extra'] as const),
] as const
export type FigureName = (typeof FIGURES)[number]

const MOST_DAYS = 400 // of one question, as the server bounds it
const DAY_MS = 86_400_000

/** `93.8%`, never rounded up to a full rate; null where nothing was due. */
export function rateText(rate: number | null): string | null {
  return rate === null ? null : `${Math.floor(rate * 1000 + 1e-9) / 10}%`
}

/** The share of a bar in percent, 0 to 100. */
export function barShare(rate: number | null): number {
  return rate === null ? 0 : Math.min(100, Math.max(0, rate * 100))
}

/** Whether both days are there, in order, and not too many for one question. */
export function isSpan(from: string, to: string): boolean {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS
  return days >= 0 && days < MOST_DAYS
}

/** The part of the ledger that a row sums up. A week at an end of the span keeps only the days inside. */
export function partOf(by: Grouping, row: Pick<LedgerRow, 'key'>, part: LedgerPart): LedgerPart {
  if (by !== 'week') return { ...part, [by]: row.key }
  const sunday = dayAfter(row.key, 6)
  return { ...part, from: row.key < part.from ? part.from : row.key, to: sunday > part.to ? part.to : sunday }
}

/** The filter by an area: a county, or a node above counties. */
export function areaPart(area: Pick<LedgerArea, 'node_id' | 'level'>): Pick<LedgerPart, 'county' | 'node'> {
  return area.level === 'county' ? { county: area.node_id } : { node: area.node_id }
}

/** What a figure says: a number, a share such as `11/12`, or null where there is nothing to say. */
export function figureText(name: FigureName, sum: LedgerFigures, whole: Completeness): string | null {
  const share = (some: number, all: number) => (all === 0 ? null : `${some}/${all}`)
  switch (name) {
    case 'rate':
      return rateText(sum.delivery_rate)
    case 'complete':
      return share(whole.complete, whole.classes)
    case 'sufficient':
      return share(whole.sufficient, whole.classes)
    case 'covered':
      return share(whole.covered_points, whole.points)
    case 'seen':
      return String(sum.seen_minutes)
    case 'pupils':
      return sum.counted === 0 ? null : String(sum.pupils)
    default:
      return String(sum[name])
  }
}

/** The figures of which a correction tells. */
const CORRECTED = [
  ...(['planned', 'required', 'held', 'valid', 'extra', 'excused', 'unexcused', 'awaiting'] as const),
  ...(['present_minutes', 'seen_minutes', 'pupils'] as const),
] as const
export type CorrectedFigure = (typeof CORRECTED)[number]

export interface FigureChange {
  readonly figure: CorrectedFigure
  readonly before: number
  readonly after: number
}

/** What a correction changes, figure by figure. */
export function changesBetween(before: LedgerFigures, after: LedgerFigures): readonly FigureChange[] {
  return CORRECTED.filter((figure) => before[figure] !== after[figure]).map((figure) => ({
    figure,
    before: before[figure],
    after: after[figure],
  }))
}
