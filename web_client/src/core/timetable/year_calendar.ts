/** 节假日 of a year as twelve months, and files with the holiday notice of a year. */
import { dayAfter } from '../base/county_time'
import type { CalendarDay, DayKind, DayWish, HolidayYear } from '../base/wire'
import { weekdayOf } from './week_grid'

export interface MonthDay {
  readonly date: string
  readonly number: number
  readonly weekday: number
  /** What is special about it; null on a plain day. */
  readonly special: CalendarDay | null
}

export interface Month {
  readonly number: number
  /** Empty places before the 1st, in a week that begins on Monday. */
  readonly before: number
  readonly days: readonly MonthDay[]
}

const two = (value: number): string => String(value).padStart(2, '0')

export function months(year: number, special: readonly CalendarDay[]): Month[] {
  const known = new Map(special.map((one) => [one.date, one]))
  return Array.from({ length: 12 }, (_, n) => {
    const first = `${year}-${two(n + 1)}-01`
    const days: MonthDay[] = []
    for (let date = first; date.slice(0, 7) === first.slice(0, 7); date = dayAfter(date, 1)) {
      days.push({ date, number: Number(date.slice(8)), weekday: weekdayOf(date), special: known.get(date) ?? null })
    }
    return { number: n + 1, before: weekdayOf(first) - 1, days }
  })
}

export interface DayForm {
  kind: DayKind
  name: string
  /** A make-up day teaches a date's lessons, or those of a weekday. */
  teachesBy: 'date' | 'weekday'
  teaches: string | null
  teachesWeekday: number
}

export function dayForm(day: MonthDay): DayForm {
  const { special } = day
  return {
    kind: special?.kind ?? (day.weekday > 5 ? 'make_up' : 'off'),
    name: special?.name ?? '',
    teachesBy: special !== null && special.teaches !== null ? 'date' : 'weekday',
    teaches: special?.teaches ?? null,
    teachesWeekday: special?.teaches_weekday ?? 1,
  }
}

/** @param school the school whose own day it is; empty for the county's. */
export function dayWish(form: DayForm, day: MonthDay, county: string, school: string): DayWish {
  const makeUp = form.kind === 'make_up'
  const byDate = form.teachesBy === 'date'
  return {
    county_id: county,
    date: day.date,
    kind: form.kind,
    version: day.special?.version ?? 0,
    name: form.name.trim(),
    school_id: school === '' ? null : school,
    teaches: makeUp && byDate ? form.teaches : null,
    teaches_weekday: makeUp && !byDate ? form.teachesWeekday : null,
  }
}

export const isComplete = (form: DayForm): boolean =>
  form.kind !== 'make_up' || form.teachesBy === 'weekday' || form.teaches !== null

const MAX_DAYS = 120

/** Reads a year in the shape of NateScarlet/holiday-cn; null where the text is something else. */
export function readYear(text: string): HolidayYear | null {
  try {
    const { year, days } = JSON.parse(text) as { year?: unknown; days?: unknown }
    if (typeof year !== 'number' || !Array.isArray(days) || days.length === 0 || days.length > MAX_DAYS) return null
    const read = days.map((one: { name?: unknown; date?: unknown; isOffDay?: unknown }) => {
      const { name, date, isOffDay } = one
      const fits = typeof name === 'string' && typeof date === 'string' && typeof isOffDay === 'boolean'
      return fits && /^\d{4}-\d{2}-\d{2}$/.test(date) ? { name, date, isOffDay } : null
    })
    return read.some((one) => one === null) ? null : { year, days: read.flatMap((one) => one ?? []) }
  } catch {
    return null
  }
}
