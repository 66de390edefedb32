/** The models of the ledger's charts, in words of the present language. */
import { i18n } from '../../i18n'
import { barsOf, heatPlaces, heatRate } from '../../core/ledger/charts'
import { rateText } from '../../core/ledger/figures'
import type { LedgerFigures, LedgerHeat, LedgerRow } from '../../core/base/wire'
import type { ChartModel } from './chart_model'
import { barsOption, heatOption, ROW, trendOption } from './chart_options'
import { weekName } from './week_name'

const CHART_HEIGHT = 280 // pixels of one that does not scroll
const HEAT_HEAD = 30
const { t } = i18n.global

export const rateWords = (rate: number | null): string => rateText(rate) ?? t('ledger.none')

const weekShort = (monday: string, week: number | null) =>
  week === null ? monday.slice(5).replace('-', '/') : t('ledger.charts.week', { n: week })

/** What a mark says. */
function saying(name: string, { required, held, delivery_rate }: Pick<LedgerFigures, 'required' | 'held' | 'delivery_rate'>): string {
  return t('ledger.charts.mark', { name, required, held, rate: rateWords(delivery_rate) })
}
const columns = ['required', 'held', 'rate'] as const
const heads = () => columns.map((one) => t(`ledger.figure.${one}`))
const cellsOf = ({ required, held, delivery_rate }: LedgerFigures) =>
  [String(required), String(held), rateWords(delivery_rate)].map((text) => ({ text, open: null }))

export function trendModel(rows: readonly LedgerRow[]): ChartModel {
  const say = (index: number) => {
    const row = rows[index]
    return row === undefined ? '' : saying(weekName(row.key, row.week), row.figures)
  }
  const weeks = rows.map((row) => ({ name: weekShort(row.key, row.week), rate: row.figures.delivery_rate }))
  return {
    option: trendOption(weeks, say),
    marks: rows.map((row, index) => ({ key: row.key, at: [index, 0] as const })),
    say,
    height: CHART_HEIGHT,
    head: [t('ledger.column.week'), ...heads()],
    rows: rows.map((row, index) => ({ name: weekName(row.key, row.week), open: index, cells: cellsOf(row.figures) })),
  }
}

export function barsModel(rows: readonly LedgerRow[], column: string): ChartModel {
  const bars = barsOf(rows)
  const say = (index: number) => {
    const bar = bars[index]
    return bar === undefined ? '' : saying(bar.row.label, bar.row.figures)
  }
  return {
    option: barsOption(bars, ({ row }) => rateWords(row.figures.delivery_rate), say),
    marks: bars.map(({ row }, index) => ({ key: row.key, at: [0, index] as const })),
    say,
    height: bars.length * ROW + 8,
    head: [column, ...heads()],
    rows: bars.map(({ row }, index) => ({ name: row.label, open: index, cells: cellsOf(row.figures) })),
  }
}

/** @param weekOf the teaching week of a Monday, where one is known. */
export function heatModel(pages: readonly LedgerHeat[], weekOf: (monday: string) => number | null): ChartModel {
  const { weeks, places } = heatPlaces(pages)
  const points = pages.flatMap((page) => page.rows.map((row) => row.school))
  const say = (index: number) => {
    const place = places[index]
    if (place === undefined) return ''
    const { cell, point } = place
    return saying(`${point} ${weekName(cell.week, weekOf(cell.week))}`, { ...cell, delivery_rate: heatRate(cell) })
  }
  const names = weeks.map((monday) => weekShort(monday, weekOf(monday)))
  const cellAt = new Map(places.map((place, index) => [place.at.join(), { text: `${place.cell.held}/${place.cell.required}`, open: index }]))
  return {
    option: heatOption(names, points, places, say),
    marks: places.map(({ pointId, cell, at }) => ({ key: `${pointId} ${cell.week}`, at })),
    say,
    height: points.length * ROW + HEAT_HEAD,
    head: [t('ledger.column.point'), ...weeks.map((monday) => weekName(monday, weekOf(monday)))],
    rows: points.map((name, row) => ({ name, open: null, cells: weeks.map((_, column) => cellAt.get(`${column},${row}`) ?? null) })),
  }
}
