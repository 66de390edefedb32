/** 我的课表: days with their lessons, and what changed since yesterday. */
import { dayAfter } from '../base/county_time'
import type { CountyZone } from '../base/county_time'
import type { MyDays, TimetableLesson, WeekDay } from '../base/wire'
import { weekdayOf } from './week_grid'

export interface MyDay extends WeekDay {
  readonly weekday: number
  readonly isToday: boolean
  readonly lessons: readonly TimetableLesson[]
}

/** Each day with its lessons, by start. */
export function myDays({ days, lessons }: Pick<MyDays, 'days' | 'lessons'>, today: string): MyDay[] {
  const ordered = [...lessons].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
  return days.map((day) => ({
    ...day,
    weekday: weekdayOf(day.date),
    isToday: day.date === today,
    lessons: ordered.filter((one) => one.date === day.date),
  }))
}

/** The moment from which changes are news: the beginning of yesterday. */
export function newsFrom(zone: CountyZone, today: string): number {
  return zone.dayStart(dayAfter(today, -1))
}

/** Whether a lesson changed since that moment, in a way that those concerned must know. */
export function isNews(lesson: Pick<TimetableLesson, 'change' | 'changed_at'>, since: number): boolean {
  return lesson.change !== null && lesson.changed_at !== null && Date.parse(lesson.changed_at) >= since
}

/** The Monday of a date's week. */
export const mondayOf = (date: string): string => dayAfter(date, 1 - weekdayOf(date))

/** The lesson that matters next on a day: a live one, or the first that is not over. */
export function nextOf(lessons: readonly TimetableLesson[], nowMs: number): TimetableLesson | null {
  return (
    lessons.find((one) => one.state === 'live') ??
    lessons.find((one) => one.state === 'scheduled' && Date.parse(one.ends_at) > nowMs) ??
    null
  )
}
