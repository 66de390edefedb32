import { describe, expect, it } from 'vitest'
import { countdown, countyDay, countyHour, countyTime, duration } from '../../src/core/county_time'

describe('county time', () => {
  const evening = Date.parse('2026-11-22T16:30:00Z') // half past midnight in the county

  it('is the county’s day and hour, wherever the browser thinks it is', () => {
    expect(countyDay(evening)).toBe('2026-11-23')
    expect(countyHour(evening)).toBe('00:30')
    expect(Date.parse(countyTime('2026-11-23', '00:30'))).toBe(evening)
  })

  it('counts down and tells lengths', () => {
    expect(countdown(3_725_000, 0)).toEqual({ hours: 1, minutes: 2, seconds: 5 })
    expect(countdown(5, 5)).toBeNull()
    expect([0, 65, 3661, -3].map(duration)).toEqual(['0:00', '1:05', '1:01:01', '0:00'])
  })
})
