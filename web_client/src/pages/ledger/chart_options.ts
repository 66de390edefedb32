/** The ledger's charts as echarts takes them. Colours differ in lightness and in blue and orange, never by red and green. */
import type { Bar, HeatPlace } from '../../core/ledger/charts'
import { bandOf, heatRate } from '../../core/ledger/charts'
import type { ChartOption } from './echarts'

/** The colours of the bands of a rate, and of what has none; with the ink that is read on each. */
export const BAND_COLOURS = ['#9c4a00', '#e5953a', '#fbdcae', '#c3d9ea', '#1f5f9e', '#e6ebea'] as const
const BAND_INKS = ['#fff', '#16232b', '#16232b', '#16232b', '#fff', '#16232b'] as const
export const HELD = '#1f5f9e'
export const LACKING = '#e5953a'
const INK = '#16232b'
const SOFT = '#51626c'
const LINE = '#d9e0de'
const NAMES = 116 // pixels for the names beside rows
export const ROW = 28 // pixels of a bar or of a row of the heat map
const FONT = "'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei', sans-serif"
const MOST_PERCENT = 120 // a first week can have 300 %: then the others would be a flat line
const MOST_LABELLED = 22 // columns in which numbers still fit

const text = { fontFamily: FONT, fontSize: 12, color: INK } as const
const base = { animation: false, textStyle: text, aria: { enabled: true, label: { enabled: false } } } as const
const names = { ...text, width: NAMES - 16, overflow: 'truncate' as const }
/** Words of a tooltip: an element with text, since names of schools are no HTML. */
export type Say = (index: number) => string

function tip(say: Say): ChartOption['tooltip'] {
  return {
    trigger: 'item',
    confine: true,
    transitionDuration: 0,
    formatter: (shown) => {
      const box = document.createElement('div')
      box.style.whiteSpace = 'pre-line'
      box.textContent = say((Array.isArray(shown) ? shown[0] : shown)?.dataIndex ?? 0)
      return box
    },
  }
}

export function trendOption(weeks: readonly { readonly name: string; readonly rate: number | null }[], say: Say): ChartOption {
  const percents = weeks.map((one) => (one.rate === null ? null : Math.floor(one.rate * 1000 + 1e-9) / 10))
  return {
    ...base,
    tooltip: tip(say),
    grid: { left: 48, right: 24, top: 26, bottom: 30 },
    xAxis: { type: 'category', data: weeks.map((one) => one.name), axisLabel: text, axisTick: { show: false } },
    yAxis: {
      type: 'value',
      min: 0,
      max: percents.some((one) => one !== null && one > 100) ? MOST_PERCENT : 100,
      interval: 20,
      axisLabel: { ...text, color: SOFT, formatter: '{value}%' },
      splitLine: { lineStyle: { color: LINE } },
    },
    series: [
      {
        type: 'line',
        data: percents.map((one) => (one === null ? null : Math.min(one, MOST_PERCENT))),
        symbol: 'circle',
        symbolSize: 9,
        lineStyle: { width: 3, color: HELD },
        itemStyle: { color: HELD },
        label: { show: weeks.length <= MOST_LABELLED / 2, ...text, distance: 7, padding: [1, 3], backgroundColor: 'rgba(255, 255, 255, 0.8)', formatter: ({ dataIndex }) => `${percents[dataIndex] ?? ''}%` },
        emphasis: { scale: 1.6, itemStyle: { borderColor: INK, borderWidth: 2 } },
      },
    ],
  }
}

export function barsOption(bars: readonly Bar[], rate: (bar: Bar) => string, say: Say): ChartOption {
  const one = { type: 'bar' as const, stack: 'all', barWidth: 15, emphasis: { itemStyle: { color: 'inherit', borderColor: INK, borderWidth: 2 } } }
  return {
    ...base,
    tooltip: tip(say),
    grid: { left: NAMES, right: 64, top: 4, bottom: 4 },
    xAxis: { type: 'value', show: false, minInterval: 1 },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ row }) => row.label),
      axisLabel: { ...names, interval: 0 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: LINE } },
    },
    series: [
      { ...one, data: bars.map((bar) => bar.held), itemStyle: { color: HELD } },
      {
        ...one,
        data: bars.map((bar) => bar.lacking),
        itemStyle: { color: LACKING, decal: { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 3], rotation: -Math.PI / 4, color: 'rgba(22, 35, 43, 0.35)' } },
        label: { show: true, position: 'right', ...text, formatter: ({ dataIndex }) => (bars[dataIndex] === undefined ? '' : rate(bars[dataIndex])) },
      },
    ],
  }
}

export function heatOption(
  weeks: readonly string[],
  points: readonly string[],
  places: readonly HeatPlace[],
  say: Say,
): ChartOption {
  return {
    ...base,
    tooltip: tip(say),
    grid: { left: NAMES, right: 8, top: 26, bottom: 4 },
    xAxis: { type: 'category', position: 'top', data: [...weeks], axisLabel: text, axisTick: { show: false }, axisLine: { show: false } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...points],
      axisLabel: { ...names, interval: 0 },
      axisTick: { show: false },
      axisLine: { show: false },
    },
    visualMap: {
      type: 'piecewise',
      show: false,
      dimension: 2,
      pieces: BAND_COLOURS.map((color, value) => ({ value, color })),
    },
    series: [
      {
        type: 'heatmap',
        progressive: 0, // all at once: drawn in parts, cells would neither be marked nor labelled
        data: places.map(({ at, cell }) => {
          const band = bandOf(heatRate(cell))
          return { value: [at[0], at[1], band], label: { color: BAND_INKS[band] ?? INK } }
        }),
        itemStyle: { borderColor: '#fff', borderWidth: 1 },
        label: {
          show: weeks.length <= MOST_LABELLED,
          fontFamily: FONT,
          fontSize: 11,
          formatter: ({ dataIndex }) => {
            const cell = places[dataIndex]?.cell
            return cell === undefined ? '' : `${cell.held}/${cell.required}`
          },
        },
        emphasis: { itemStyle: { color: 'inherit', borderColor: INK, borderWidth: 2 } },
      },
    ],
  }
}
