import { describe, expect, it } from 'vitest'
import { areaPart, barShare, changesBetween, FIGURES, figureText, isSpan, partOf, rateText } from '../../../src/core/ledger/figures'
import type { LedgerFigures } from '../../../src/core/base/wire'

describe('a rate', () => {
  it.each([
    [null, null],
    [0, '0%'],
    [0.9375, '93.7%'],
    [0.9999, '99.9%'], // nothing less than all is 100 %
    [0.29, '29%'],
    [1, '100%'],
    [1.05, '105%'],
  ])('%s is said as %s', (rate, text) => {
    expect(rateText(rate)).toBe(text)
  })

  it('fills no more than its bar', () => {
    expect([null, 0.5, 1.2].map(barShare)).toEqual([0, 50, 100])
  })
})

describe('a span of days', () => {
  it.each([
    ['2026-09-01', '2026-09-01', true],
    ['2026-09-02', '2026-09-01', false],
    ['', '2026-09-01', false],
    ['2026-09-01', '', false],
    ['2025-09-01', '2026-10-05', true],
    ['2025-09-01', '2026-10-06', false],
  ])('from %s to %s can be asked for: %s', (from, to, can) => {
    expect(isSpan(from, to)).toBe(can)
  })
})

describe('the units behind a row', () => {
  const span = { from: '2026-09-02', to: '2026-09-30' }

  it('are those of its group in the same days', () => {
    expect(partOf('point', { key: 's-1' }, span)).toEqual({ ...span, point: 's-1' })
    expect(partOf('class', { key: 'c-1' }, span)).toEqual({ ...span, class: 'c-1' })
    expect(partOf('subject', { key: '音乐' }, span)).toEqual({ ...span, subject: '音乐' })
  })

  it('stay those of the area and the point', () => {
    const part = { ...span, node: 'city', point: 's-1' }
    expect(partOf('week', { key: '2026-09-07' }, part)).toEqual({ ...part, from: '2026-09-07', to: '2026-09-13' })
    expect(partOf('subject', { key: '音乐' }, part)).toEqual({ ...part, subject: '音乐' })
  })

  it.each([
    ['2026-08-31', '2026-09-02', '2026-09-06'],
    ['2026-09-07', '2026-09-07', '2026-09-13'],
    ['2026-09-28', '2026-09-28', '2026-09-30'],
  ])('of the week of %s stay inside the span', (key, from, to) => {
    expect(partOf('week', { key }, span)).toEqual({ from, to })
  })
})

describe('an area', () => {
  it('is a county, or a node above counties', () => {
    expect(areaPart({ node_id: 'c1', level: 'county' })).toEqual({ county: 'c1' })
    expect(areaPart({ node_id: 'city', level: 'city' })).toEqual({ node: 'city' })
  })
})

const FACTS: LedgerFigures = {
  ...{ planned: 12, due: 11, required: 10, held: 9, valid: 8, extra: 3, excused: 2, unexcused: 1, awaiting: 0 },
  ...{ present_minutes: 360, seen_minutes: 350, counted: 9, pupils: 130, delivery_rate: 0.9 },
}
const WHOLE = { classes: 6, complete: 5, sufficient: 4, points: 3, covered_points: 2 }

describe('a figure', () => {
  it('is a number, a rate, or a share', () => {
    const texts = Object.fromEntries(FIGURES.map((name) => [name, figureText(name, FACTS, WHOLE)]))
    expect(texts).toEqual({
      ...{ rate: '90%', planned: '12', required: '10', held: '9', valid: '8', excused: '2', unexcused: '1' },
      ...{ awaiting: '0', complete: '5/6', sufficient: '4/6', covered: '2/3', seen: '350', pupils: '130', extra: '3' },
    })
  })

  it('says nothing where there is nothing to say', () => {
    const empty = { classes: 0, complete: 0, sufficient: 0, points: 0, covered_points: 0 }
    const facts = { ...FACTS, delivery_rate: null, counted: 0 }
    const names = ['rate', 'complete', 'sufficient', 'covered', 'pupils'] as const
    expect(names.map((name) => figureText(name, facts, empty))).toEqual([null, null, null, null, null])
  })
})

describe('a correction', () => {
  it('tells what it changes, figure by figure', () => {
    const after = { ...FACTS, held: 10, excused: 1, delivery_rate: 1 }
    expect(changesBetween(FACTS, after)).toEqual([
      { figure: 'held', before: 9, after: 10 },
      { figure: 'excused', before: 2, after: 1 },
    ])
    expect(changesBetween(FACTS, FACTS)).toEqual([])
  })
})
