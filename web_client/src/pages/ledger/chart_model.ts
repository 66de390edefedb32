/** What a card shows: the chart, its marks, and the same as a table. */
import type { Mark } from '../../core/ledger/charts'
import type { ChartOption } from './echarts'

export interface TableCell {
  readonly text: string
  /** The mark to which it leads. */
  readonly open: number | null
}

export interface ChartModel {
  readonly option: ChartOption
  readonly marks: readonly Mark[]
  /** A mark in words. */
  readonly say: (index: number) => string
  readonly height: number
  readonly head: readonly string[]
  readonly rows: readonly { readonly name: string; readonly open: number | null; readonly cells: readonly (TableCell | null)[] }[]
}
