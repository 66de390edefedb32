/** 作息时间 as a form: the periods of a day, in order. */
import type { Bells, BellsWish, PeriodTimes } from '../base/wire'
import { hourOf, timeOf } from './plan_form'

export const MAX_PERIODS = 16
const FIRST_START = 8 * 60 + 20 // 8:20, the earliest first lesson of a primary school
const LENGTH = 40 // minutes of a primary school's lesson
const BREAK = 10

export interface PeriodForm {
  name: string
  starts: string
  ends: string
}

export interface BellsForm {
  name: string
  schoolId: string
  validFrom: string | null
  validTo: string | null
  periods: PeriodForm[]
}

const minutes = (hour: string): number => Number(hour.slice(0, 2)) * 60 + Number(hour.slice(3, 5))
const two = (value: number): string => String(value).padStart(2, '0')
const hour = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`

/** The period that comes after the last: as long, after as long a break. */
export function nextPeriod(periods: readonly PeriodForm[]): PeriodForm {
  const last = periods[periods.length - 1]
  const before = periods[periods.length - 2]
  if (last === undefined) return { name: '', starts: hour(FIRST_START), ends: hour(FIRST_START + LENGTH) }
  const length = minutes(last.ends) - minutes(last.starts) || LENGTH
  const pause = before === undefined ? BREAK : Math.min(30, Math.max(5, minutes(last.starts) - minutes(before.ends)))
  const starts = Math.min(minutes(last.ends) + pause, 24 * 60 - 1 - LENGTH)
  return { name: '', starts: hour(starts), ends: hour(Math.min(starts + length, 24 * 60 - 1)) }
}

export function emptyBells(): BellsForm {
  const periods: PeriodForm[] = []
  while (periods.length < 6) periods.push(nextPeriod(periods))
  return { name: '', schoolId: '', validFrom: null, validTo: null, periods }
}

export function bellsForm(bells: Bells): BellsForm {
  return {
    name: bells.name,
    schoolId: bells.school_id ?? '',
    validFrom: bells.valid_from,
    validTo: bells.valid_to,
    periods: bells.periods.map((one) => ({ name: one.name ?? '', starts: hourOf(one.starts), ends: hourOf(one.ends) })),
  }
}

export type PeriodFault = 'empty' | 'backwards' | 'overlaps'

/** What is wrong with each period, or null. A period must end before the next begins. */
export function periodFaults(periods: readonly PeriodForm[]): (PeriodFault | null)[] {
  return periods.map((one, n) => {
    if (one.starts === '' || one.ends === '') return 'empty'
    if (one.starts >= one.ends) return 'backwards'
    const before = periods[n - 1]
    return before !== undefined && before.ends > one.starts ? 'overlaps' : null
  })
}

export function bellsWish(form: BellsForm, county: string): BellsWish {
  const periods: PeriodTimes[] = form.periods.map((one, n) => ({
    number: n + 1,
    starts: timeOf(one.starts),
    ends: timeOf(one.ends),
    name: one.name.trim(),
  }))
  return {
    county_id: county,
    name: form.name.trim(),
    periods,
    school_id: form.schoolId === '' ? null : form.schoolId,
    valid_from: form.validFrom,
    valid_to: form.validTo,
  }
}
