import { describe, expect, it } from 'vitest'
import { dayForm, dayWish, isComplete, months, readYear } from '../../../src/core/timetable/year_calendar'
import type { CalendarDay } from '../../../src/core/base/wire'

const OCTOBER_10: CalendarDay = {
  date: '2026-10-10',
  kind: 'make_up',
  name: '国庆节',
  teaches: '2026-10-07',
  teaches_weekday: 3,
  layer: 'notice',
  version: 2,
}

describe('a year', () => {
  it('has twelve months that begin on the right weekday', () => {
    const year = months(2026, [OCTOBER_10])
    expect(year).toHaveLength(12)
    expect(year.reduce((sum, month) => sum + month.days.length, 0)).toBe(365)
    expect(year[9]?.before).toBe(3) // 2026-10-01 is a Thursday
    expect(year[9]?.days[9]?.special).toBe(OCTOBER_10)
    expect(months(2028, []).reduce((sum, month) => sum + month.days.length, 0)).toBe(366)
  })

  it('gives a day back as it was read, with its version', () => {
    const day = months(2026, [OCTOBER_10])[9]?.days[9]
    if (day === undefined) throw new Error('no day')
    expect(dayWish(dayForm(day), day, 'c1', '')).toEqual({
      county_id: 'c1',
      date: '2026-10-10',
      kind: 'make_up',
      version: 2,
      name: '国庆节',
      school_id: null,
      teaches: '2026-10-07',
      teaches_weekday: null,
    })
  })

  it('proposes a day off on workdays, and lessons on the weekend', () => {
    const [january] = months(2027, [])
    expect(january?.days.slice(0, 3).map((day) => dayForm(day).kind)).toEqual(['off', 'make_up', 'make_up'])
    const day = january?.days[1]
    expect(day && isComplete({ ...dayForm(day), teachesBy: 'date' })).toBe(false)
  })
})

describe('a file with a holiday notice', () => {
  const day = { name: '元旦', date: '2027-01-01', isOffDay: true }

  it('is read, without what does not count', () => {
    const text = JSON.stringify({ $schema: 'x', year: 2027, papers: [], days: [{ ...day, more: 1 }] })
    expect(readYear(text)).toEqual({ year: 2027, days: [day] })
  })

  it.each(['', '[]', '{"year":2027}', '{"year":2027,"days":[]}', '{"year":"2027","days":[{}]}', '{"year":2027,"days":[{"name":"x","date":"1/1","isOffDay":true}]}'])(
    'is none: %s',
    (text) => expect(readYear(text)).toBeNull(),
  )
})
