/** A week as a table: days across, periods down, in each cell the lessons that begin there. */
import type { PeriodTimes, TimetableLesson, WeekDay } from '../base/wire'

/** A place in the table to which a lesson can be moved. */
export interface Slot {
  readonly date: string
  readonly period: number
}

export interface GridDay extends WeekDay {
  /** 1 is Monday. */
  readonly weekday: number
  readonly isToday: boolean
  /** Lessons can be put there: it is no day off, and not over. */
  readonly open: boolean
}

export interface GridCell {
  readonly slot: Slot
  readonly day: GridDay
  readonly lessons: readonly TimetableLesson[]
  /** Lessons of earlier periods that last until here. */
  readonly running: readonly TimetableLesson[]
}

export interface GridRow {
  readonly period: PeriodTimes
  readonly cells: readonly GridCell[]
}

export interface WeekGrid {
  readonly days: readonly GridDay[]
  readonly rows: readonly GridRow[]
  /** Lessons at hours of their own, by day; empty lists where there are none. */
  readonly others: readonly (readonly TimetableLesson[])[]
}

export type Direction = 'left' | 'right' | 'up' | 'down'

const WORKDAYS = 5

export const slotKey = ({ date, period }: Slot): string => `${date}/${period}`
export const sameSlot = (one: Slot | null, other: Slot | null): boolean =>
  one === other || (one !== null && other !== null && slotKey(one) === slotKey(other))

/** The slot in which a lesson stands, or null for one at hours of its own. */
export const slotOf = ({ date, period }: TimetableLesson): Slot | null => (period === null ? null : { date, period })

/** 1…7 of a date; 1 is Monday. */
export function weekdayOf(date: string): number {
  const days = Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000)
  return ((days + 3) % 7) + 1 // 1970-01-01 was a Thursday
}

type Page = {
  readonly days: readonly WeekDay[]
  readonly periods: readonly PeriodTimes[]
  readonly lessons: readonly TimetableLesson[]
}

/** A day of the weekend is shown only if it teaches. */
export function weekGrid({ days, periods, lessons }: Page, today: string): WeekGrid {
  const taught = new Set(lessons.map((one) => one.date))
  const shown = days
    .map((day) => gridDay(day, today))
    .filter((day) => day.weekday <= WORKDAYS || day.kind === 'make_up' || day.kind === 'plain' || taught.has(day.date))
  const numbers = new Set(periods.map((one) => one.number))
  const ordered = [...lessons].sort(byStart)
  const rows = periods.map((period) => ({
    period,
    cells: shown.map((day) => cell(day, period.number, ordered)),
  }))
  const elsewhere = ordered.filter((one) => one.period === null || !numbers.has(one.period))
  return { days: shown, rows, others: shown.map((day) => elsewhere.filter((one) => one.date === day.date)) }
}

function gridDay(day: WeekDay, today: string): GridDay {
  const weekday = weekdayOf(day.date)
  return { ...day, weekday, isToday: day.date === today, open: day.kind !== 'off' && day.date >= today }
}

function cell(day: GridDay, period: number, lessons: readonly TimetableLesson[]): GridCell {
  const ofDay = lessons.filter((one) => one.date === day.date)
  const lasts = (one: TimetableLesson) =>
    one.period !== null && one.period < period && one.period + one.period_count > period
  return {
    slot: { date: day.date, period },
    day,
    lessons: ofDay.filter((one) => one.period === period),
    running: ofDay.filter(lasts),
  }
}

function byStart(one: TimetableLesson, other: TimetableLesson): number {
  return Date.parse(one.starts_at) - Date.parse(other.starts_at) || (one.lesson_id < other.lesson_id ? -1 : 1)
}

/** The next open slot in a direction; the same slot where there is none. From outside, the first open one. */
export function stepped(grid: WeekGrid, from: Slot | null, direction: Direction): Slot | null {
  const open = grid.days.filter((day) => day.open)
  const row = grid.rows.findIndex((one) => one.period.number === from?.period)
  const day = open.findIndex((one) => one.date === from?.date)
  const [firstDay] = open
  const [firstRow] = grid.rows
  if (firstDay === undefined || firstRow === undefined) return from
  if (from === null || row === -1) return { date: firstDay.date, period: firstRow.period.number }
  if (day === -1) {
    const nearest = open.find((one) => one.date > from.date) ?? open[open.length - 1] ?? firstDay
    return { date: nearest.date, period: from.period }
  }
  const [across, down] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number]
  return {
    date: open[day + across]?.date ?? from.date,
    period: grid.rows[row + down]?.period.number ?? from.period,
  }
}
