import { describe, expect, it } from 'vitest'
import { earlyByS, heldClock, lengthOf, minutesLeft } from '../../../src/core/lessons/lesson_timing'

const AT = '2026-11-22T02:00:00Z'
const ms = (hour: string) => Date.parse(`2026-11-22T${hour}Z`)

describe('a lesson against its plan', () => {
  it('is early only before the points may enter', () => {
    expect(earlyByS(AT, ms('00:00:00'))).toBe(7200)
    expect(earlyByS(AT, ms('01:29:59'))).toBe(1801)
    expect(earlyByS(AT, ms('01:30:00'))).toBeNull()
    expect(earlyByS(AT, ms('03:00:00'))).toBeNull()
  })

  it('has so many minutes left, or is over by so many', () => {
    expect(minutesLeft(AT, ms('01:47:30'))).toBe(13)
    expect(minutesLeft(AT, ms('01:59:59'))).toBe(1)
    expect(minutesLeft(AT, ms('02:00:30')) === 0).toBe(true)
    expect(minutesLeft(AT, ms('02:03:40'))).toBe(-3)
  })

  it('tells lengths that nobody takes for hours', () => {
    expect(lengthOf(81)).toEqual({ hours: 0, minutes: 1, seconds: 21 })
    expect(lengthOf(3905)).toEqual({ hours: 1, minutes: 5, seconds: 5 })
  })

  it('runs from the beginning, always with its hours', () => {
    const at = Date.parse(AT)
    const clocks = [0, 81, 3905, -3].map((seconds) => heldClock(AT, at + seconds * 1000))
    expect(clocks).toEqual(['0:00:00', '0:01:21', '1:05:05', '0:00:00'])
    expect(heldClock(null, at)).toBe('0:00:00')
  })
})
