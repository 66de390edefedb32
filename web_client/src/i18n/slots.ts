/** Words for days, periods and weeks of the timetable. */
import { countyDay, countyHour } from '../browser/base/county'
import { dayText } from '../core/base/county_time'
import type { Parity, TimetableLesson } from '../core/base/wire'
import { weekdayOf, type Slot } from '../core/timetable/week_grid'
import { i18n } from '.'

/** 周三. */
export function weekdayText(weekday: number): string {
  const { tm, rt } = i18n.global
  const words = tm('timetable.weekdays') as string[]
  return rt(words[weekday - 1] ?? '')
}

/** 9月16日. */
export function dateText(date: string): string {
  return dayText(date, i18n.global.locale.value, { month: 'short', day: 'numeric' })
}

/** 9月16日 周三. */
export const dayWords = (date: string): string => `${dateText(date)} ${weekdayText(weekdayOf(date))}`

/** 第3节, or the name that the bell schedule gives it. */
export function periodText(period: number, count = 1, name = ''): string {
  const { t } = i18n.global
  if (name !== '' && count === 1) return name
  return count > 1
    ? t('timetable.periods', { from: period, to: period + count - 1 })
    : t('timetable.period', { n: period })
}

/** 9月16日 周三 第3节. */
export const slotText = ({ date, period }: Slot): string => `${dayWords(date)}${spaced(periodText(period))}`

const spaced = (text: string): string => (i18n.global.locale.value === 'en' ? `, ${text}` : ` ${text}`)

/** 9月16日 10:00, in the county. */
export const momentText = (time: string): string => `${dateText(countyDay(time))} ${countyHour(time)}`

/** When a lesson is: its period, or its hours. */
export function whenText(lesson: Pick<TimetableLesson, 'date' | 'period' | 'period_count' | 'starts_at' | 'ends_at'>): string {
  const hours = `${countyHour(lesson.starts_at)}–${countyHour(lesson.ends_at)}`
  const period = lesson.period === null ? '' : spaced(periodText(lesson.period, lesson.period_count))
  return `${dayWords(lesson.date)}${period} ${hours}`
}

/** 第3周（单）. */
export function weekText(week: number, parity: Parity | null = week % 2 === 1 ? 'odd' : 'even'): string {
  const { t } = i18n.global
  return parity === null
    ? t('timetable.week', { n: week })
    : t('timetable.weekParity', { n: week, parity: t(`timetable.parity.${parity}`) })
}
