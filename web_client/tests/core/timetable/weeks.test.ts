import { describe, expect, it } from 'vitest'
import { parseWeeks, span, weeksText, withSpan } from '../../../src/core/timetable/weeks'

const LAST = 20
const set = (...weeks: number[]) => new Set(weeks)

describe('a set of weeks', () => {
  it.each([
    ['1-16周', span(1, 16)],
    ['1-4,6-17周', new Set([...span(1, 4), ...span(6, 17)])],
    ['第1—4，6～8周', set(1, 2, 3, 4, 6, 7, 8)],
    ['10周', set(10)],
    ['3-9周(单)', set(3, 5, 7, 9)],
    ['3-9(双周)', set(4, 6, 8)],
    ['1-4周,6-9周(单)', set(1, 2, 3, 4, 7, 9)],
    ['每周', span(1, LAST)],
  ])('is read from %s', (text, weeks) => {
    expect(parseWeeks(text, LAST)).toEqual(weeks)
  })

  it.each(['', '1-21周', '5-3周', '0周', '3-3周(双)', '1-4,', '音乐', '1-4周6', '1'.repeat(200)])('is not read from “%s”', (text) => {
    expect(parseWeeks(text, LAST)).toBeNull()
  })

  it('is written as schools write it, and read back', () => {
    expect(weeksText(set(), LAST)).toBe('')
    expect(weeksText(span(1, 16), LAST)).toBe('1-16周')
    const odd = parseWeeks('单周', LAST) ?? set()
    expect(weeksText(odd, LAST)).toBe('单周')
    expect(weeksText(parseWeeks('双', LAST) ?? set(), LAST)).toBe('双周')
    expect(weeksText(set(3, 5, 7), LAST)).toBe('3-7周(单)')
    expect(weeksText(set(3, 5), LAST)).toBe('3,5周')
    // Every seventh of the 2^12 sets of twelve weeks.
    for (let bits = 1; bits < 1 << 12; bits += 7) {
      const weeks = new Set([...span(1, 12)].filter((week) => (bits >> (week - 1)) & 1))
      expect(parseWeeks(weeksText(weeks, 12), 12)).toEqual(weeks)
    }
  })

  it('takes spans in and out', () => {
    expect(withSpan(set(1), 4, 2, true)).toEqual(set(1, 2, 3, 4))
    expect(withSpan(set(1, 2, 3, 4), 2, 3, false)).toEqual(set(1, 4))
  })
})
