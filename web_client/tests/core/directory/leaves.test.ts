import { expect, it } from 'vitest'
import { back, FIRST, forward, placeOf, rangeOf } from '../../../src/core/directory/leaves'

it('leaves lead forward by the last entry, and back the same way', () => {
  const second = forward(FIRST, 'r50')
  const third = forward(second, 'r100')
  expect([FIRST, second, third].map(placeOf)).toEqual([null, 'r50', 'r100'])
  expect(back(third)).toEqual(second)
  expect(back(back(back(third)))).toEqual(FIRST)
})

it('rows are numbered over all pages', () => {
  expect(rangeOf(FIRST, 50, 50)).toEqual({ from: 1, to: 50 })
  expect(rangeOf(forward(FIRST, 'x'), 50, 12)).toEqual({ from: 51, to: 62 })
  expect(rangeOf(FIRST, 50, 0)).toEqual({ from: 0, to: 0 })
})
