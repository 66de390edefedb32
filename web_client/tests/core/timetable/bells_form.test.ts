import { describe, expect, it } from 'vitest'
import { bellsWish, emptyBells, nextPeriod, periodFaults } from '../../../src/core/timetable/bells_form'

const period = (starts: string, ends: string) => ({ name: '', starts, ends })

describe('作息时间', () => {
  it('begin with a day that can be saved as it is', () => {
    const { periods } = emptyBells()
    expect(periods[0]).toEqual(period('08:20', '09:00'))
    expect(periodFaults(periods)).toEqual(periods.map(() => null))
  })

  it('go on with a period as long as the last, after as long a break', () => {
    expect(nextPeriod([period('08:00', '08:45'), period('09:05', '09:50')])).toEqual(period('10:10', '10:55'))
    expect(nextPeriod([period('23:00', '23:50')]).ends <= '23:59').toBe(true)
  })

  it('say which period is wrong, and how', () => {
    const periods = [period('08:20', '09:00'), period('08:50', '09:30'), period('10:00', '09:00'), period('', '11:00')]
    expect(periodFaults(periods)).toEqual([null, 'overlaps', 'backwards', 'empty'])
  })

  it('become a wish with numbers in order', () => {
    const form = { ...emptyBells(), name: ' 夏季 ', schoolId: '' }
    const wish = bellsWish(form, 'c1')
    expect(wish).toMatchObject({ county_id: 'c1', name: '夏季', school_id: null, valid_from: null })
    expect(wish.periods.map((one) => one.number)).toEqual([1, 2, 3, 4, 5, 6])
  })
})
