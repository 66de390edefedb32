import { describe, expect, it } from 'vitest'
import type { LedgerFigures, LedgerHeat, LedgerRow } from '../../../src/core/base/wire'
import { bandOf, barsOf, heatPlaces, heatRate, markAfter, markAt, NO_BAND } from '../../../src/core/ledger/charts'

const NOTHING: LedgerFigures = {
  ...{ planned: 0, due: 0, required: 0, held: 0, valid: 0, extra: 0, excused: 0, unexcused: 0, awaiting: 0 },
  ...{ present_minutes: 0, seen_minutes: 0, counted: 0, pupils: 0, delivery_rate: null },
}
function row(key: string, held: number, required: number): LedgerRow {
  const delivery_rate = required === 0 ? null : held / required
  const figures = { ...NOTHING, held, required, delivery_rate }
  return { key, label: key, parent: '', week: null, figures, lacking: [], short: [] }
}

describe('the band of a rate', () => {
  it.each([
    [null, NO_BAND],
    [0, 0],
    [0.59, 0],
    [0.6, 1],
    [0.8, 2],
    [0.95, 3],
    [0.999, 3], // nothing less than all is a full rate
    [1, 4],
    [1.2, 4],
  ])('of %s is %s', (rate, band) => {
    expect(bandOf(rate)).toBe(band)
  })
})

describe('bars', () => {
  it('begin with the lowest rate; what has none stands last', () => {
    const bars = barsOf([row('a', 2, 2), row('b', 0, 0), row('c', 1, 4), row('d', 3, 2)])
    expect(bars.map((bar) => [bar.row.key, bar.held, bar.lacking])).toEqual([
      ['c', 1, 3],
      ['a', 2, 0],
      ['d', 3, 0],
      ['b', 0, 0],
    ])
  })
})

describe('the heat map', () => {
  const cell = (week: string, held = 1, required = 2) => ({ week, required, held, missed: 0 })
  const pages: readonly LedgerHeat[] = [
    { weeks: ['w2'], rows: [{ school_id: 'p1', school: '一', cells: [cell('w2')] }], next: 'p1' },
    {
      weeks: ['w1', 'w2', 'w3'],
      rows: [
        { school_id: 'p2', school: '二', cells: [cell('w1'), cell('w3')] },
        { school_id: 'p3', school: '三', cells: [] },
      ],
      next: null,
    },
  ]

  it('puts the weeks of all pages into one order of columns', () => {
    const { weeks, places } = heatPlaces(pages)
    expect(weeks).toEqual(['w1', 'w2', 'w3'])
    expect(places.map((place) => [place.pointId, place.cell.week, place.at])).toEqual([
      ['p1', 'w2', [1, 0]],
      ['p2', 'w1', [0, 1]],
      ['p2', 'w3', [2, 1]],
    ])
  })

  it('has no rate where nothing was required', () => {
    expect([heatRate(cell('w1', 1, 2)), heatRate(cell('w1', 1, 0))]).toEqual([0.5, null])
  })
})

describe('the arrow keys', () => {
  const at = (...places: readonly [number, number][]) => places.map((place) => ({ at: place }))
  const line = at([0, 0], [1, 0], [2, 0])
  const grid = at([0, 0], [2, 0], [0, 1], [1, 1], [2, 1])

  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowDown', 0, 1],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', 2, 2],
    ['End', 0, 2],
    ['Home', 2, 0],
    ['Tab', 0, null],
  ])('%s moves along a line from %s to %s', (key, from, to) => {
    expect(markAfter(line, from, key)).toBe(to)
  })

  it.each([
    ['ArrowRight', 0, 1], // over the gap
    ['ArrowLeft', 1, 0],
    ['ArrowDown', 0, 2],
    ['ArrowUp', 3, 3], // nothing stands above it
    ['ArrowDown', 4, 4],
    ['ArrowRight', 3, 4],
  ])('%s moves in a grid from %s to %s', (key, from, to) => {
    expect(markAfter(grid, from, key)).toBe(to)
  })

  it('begin with the first mark, and go nowhere without one', () => {
    expect(markAfter(grid, -1, 'ArrowDown')).toBe(0)
    expect(markAfter([], -1, 'ArrowDown')).toBeNull()
  })
})

describe('a click', () => {
  it('finds the mark of its column and row', () => {
    const grid = [{ at: [0, 0] as const }, { at: [1, 1] as const }]
    expect([markAt(grid, 1, 1), markAt(grid, 1, 0), markAt(grid, -1, 0)]).toEqual([1, null, null])
  })

  it('needs only one of both in a chart of one row or column', () => {
    const bars = [{ at: [0, 0] as const }, { at: [0, 1] as const }]
    expect([markAt(bars, 37, 1), markAt(bars, 0, 2)]).toEqual([1, null])
    const trend = [{ at: [0, 0] as const }, { at: [1, 0] as const }]
    expect(markAt(trend, 1, 93)).toBe(1)
  })
})
