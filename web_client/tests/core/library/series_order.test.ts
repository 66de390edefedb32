import { describe, expect, it } from 'vitest'
import { moved, neighbours } from '../../../src/core/library/series_order'

describe('the order of a series', () => {
  it('moves one entry and keeps the order of the others', () => {
    expect(moved(['a', 'b', 'c', 'd'], 0, 2)).toEqual(['b', 'c', 'a', 'd'])
    expect(moved(['a', 'b', 'c', 'd'], 3, 0)).toEqual(['d', 'a', 'b', 'c'])
  })
  it('stops at the ends', () => {
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moved(['a', 'b'], 0, 9)).toEqual(['b', 'a'])
    expect(moved(['a', 'b'], 5, 0)).toEqual(['a', 'b'])
  })
  it('knows the lessons before and after', () => {
    expect(neighbours(['a', 'b', 'c'], 'b')).toEqual({ place: 1, before: 'a', after: 'c' })
    expect(neighbours(['a'], 'a')).toEqual({ place: 0, before: null, after: null })
    expect(neighbours(['a'], 'z')).toBeNull()
  })
})
