import { describe, expect, it } from 'vitest'
import { CountyZone, countdown, dayAfter, dayText, duration, rolledDay } from '../../../src/core/base/county_time'

const SHANGHAI = new CountyZone('Asia/Shanghai')

describe('county time', () => {
  it('is the county’s day and hour, wherever the browser thinks it is', () => {
    const evening = Date.parse('2026-11-22T16:30:00Z') // half past midnight in the county
    expect(SHANGHAI.day(evening)).toBe('2026-11-23')
    expect(SHANGHAI.hour('2026-11-22T16:30:00Z')).toBe('00:30')
    expect(SHANGHAI.hour('2026-11-22T16:00:00Z')).toBe('00:00')
    expect(Date.parse(SHANGHAI.time('2026-11-23', '00:30'))).toBe(evening)
    expect(SHANGHAI.dayStart('2026-11-23')).toBe(Date.parse('2026-11-22T16:00:00Z'))
  })

  it.each([
    ['Asia/Urumqi', '2026-07-01', '08:30', '2026-07-01T02:30:00.000Z'],
    ['Asia/Kathmandu', '2026-07-01', '08:30', '2026-07-01T02:45:00.000Z'],
    ['America/New_York', '2026-01-10', '08:30', '2026-01-10T13:30:00.000Z'],
    ['America/New_York', '2026-07-10', '08:30', '2026-07-10T12:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '01:59', '2026-03-29T00:59:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '03:00', '2026-03-29T01:00:00.000Z'], // an hour later by the clock, a minute by the sun
    ['Europe/Berlin', '2026-10-25', '02:30', '2026-10-25T00:30:00.000Z'], // comes twice: the first
    ['Europe/Berlin', '2026-10-25', '03:00', '2026-10-25T02:00:00.000Z'],
  ])('in %s, %s %s is %s', (name, day, hour, instant) => {
    const zone = new CountyZone(name)
    expect(zone.time(day, hour)).toBe(instant)
    expect([zone.day(instant), zone.hour(instant)]).toEqual([day, hour])
  })

  it('gives a time that summer time leaves out the hour after it', () => {
    const berlin = new CountyZone('Europe/Berlin')
    expect(berlin.hour(berlin.time('2026-03-29', '02:30'))).toBe('03:30')
  })

  it('has an answer for every hour of a year, in zones with and without summer time', () => {
    for (const name of ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      const zone = new CountyZone(name)
      for (let day = '2026-01-01'; day < '2027-01-01'; day = dayAfter(day, 5)) {
        for (const hour of ['00:00', '02:30', '12:00', '23:59']) {
          const at = zone.time(day, hour)
          expect(zone.day(at)).toBe(day)
          if (hour !== '02:30') expect(zone.hour(at)).toBe(hour)
        }
      }
    }
  })

  it('falls back to the default where the browser does not know the zone', () => {
    expect(new CountyZone('Mars/Olympus').name).toBe('Asia/Shanghai')
    expect(new CountyZone('').name).toBe('Asia/Shanghai')
  })

  it('writes days and moments in words', () => {
    const options = { month: 'long', day: 'numeric', weekday: 'long' } as const
    expect(dayText('2026-11-22', 'zh-CN', options)).toBe('11月22日星期日')
    expect(SHANGHAI.text('2026-11-22T16:30:00Z', 'zh-CN', options)).toBe('11月23日星期一')
  })

  it('turns leaves', () => {
    expect([dayAfter('2026-02-28', 1), dayAfter('2026-01-01', -1)]).toEqual(['2026-03-01', '2025-12-31'])
    expect(rolledDay('2026-11-22', '2026-11-22', '2026-11-23')).toBe('2026-11-23')
    expect(rolledDay('2026-11-20', '2026-11-22', '2026-11-23')).toBe('2026-11-20')
  })

  it('counts down and tells lengths', () => {
    expect(countdown(3_725_000, 0)).toEqual({ hours: 1, minutes: 2, seconds: 5 })
    expect(countdown(5, 5)).toBeNull()
    expect([0, 65, 3661, -3].map(duration)).toEqual(['0:00', '1:05', '1:01:01', '0:00'])
  })
})
