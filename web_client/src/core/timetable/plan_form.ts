/** 新建排课: what the form holds, what is missing in it, and the wish that it becomes. */
import type { ClassKind, DeliveryMode, Plan, PlanKind, PlanWish } from '../base/wire'
import { MAX_DATES, MAX_SEATS } from '../base/wire'
import { weeksText, type WeekSet } from './weeks'

export interface SeatForm {
  roomId: string
  classId: string
}

export interface PlanForm {
  kind: PlanKind
  classKind: ClassKind
  mode: DeliveryMode
  subjectId: string
  title: string
  grade: string
  teacherId: string
  leadRoomId: string
  leadClassId: string
  seats: SeatForm[]
  weekday: number
  weeks: WeekSet
  dates: string[]
  /** A period of the bell schedule, or hours of its own. */
  timeBy: 'period' | 'clock'
  period: number
  periodCount: number
  starts: string
  ends: string
  volume: string
  section: string
}

export function emptyPlan(weeks: WeekSet): PlanForm {
  return {
    kind: 'periodic',
    classKind: 'dedicated',
    mode: 'lead_with_pupils',
    subjectId: '',
    title: '',
    grade: '',
    teacherId: '',
    leadRoomId: '',
    leadClassId: '',
    seats: [],
    weekday: 1,
    weeks,
    dates: [],
    timeBy: 'period',
    period: 1,
    periodCount: 1,
    starts: '',
    ends: '',
    volume: '',
    section: '',
  }
}

export function formOf(plan: Plan): PlanForm {
  return {
    kind: plan.kind,
    classKind: plan.class_kind,
    mode: plan.delivery_mode,
    subjectId: plan.subject.subject_id,
    title: plan.title,
    grade: plan.grade,
    teacherId: plan.lead_teacher.person_id,
    leadRoomId: plan.lead_room?.room_id ?? '',
    leadClassId: plan.lead_class?.class_id ?? '',
    seats: plan.seats.map((seat) => ({ roomId: seat.room.room_id, classId: seat.class?.class_id ?? '' })),
    weekday: plan.weekday ?? 1,
    weeks: new Set(plan.week_numbers),
    dates: [...plan.dates],
    timeBy: plan.period === null ? 'clock' : 'period',
    period: plan.period ?? 1,
    periodCount: plan.period_count,
    starts: hourOf(plan.starts),
    ends: hourOf(plan.ends),
    volume: plan.textbook_volume ?? '',
    section: plan.textbook_section ?? '',
  }
}

/** `08:20` of a local time such as 08:20:00. */
export const hourOf = (time: string | null | undefined): string => time?.slice(0, 5) ?? ''

/** The local time of an hour such as 08:20, as the server reads it. */
export const timeOf = (hour: string): string => `${hour}:00`

export type PlanField = 'subject' | 'title' | 'grade' | 'teacher' | 'seats' | 'weeks' | 'dates' | 'time'

/** The fields without which there is no lesson, in the order of the form. */
export function missingOf(form: PlanForm): PlanField[] {
  const periodic = form.kind === 'periodic'
  const missing: [PlanField, boolean][] = [
    ['subject', form.subjectId === ''],
    ['grade', form.grade.trim() === ''],
    ['title', form.title.trim() === ''],
    ['teacher', form.teacherId === ''],
    ['seats', form.seats.length === 0 || form.seats.length > MAX_SEATS || form.seats.some((seat) => seat.roomId === '')],
    ['weeks', periodic && form.weeks.size === 0],
    ['dates', !periodic && (form.dates.length === 0 || form.dates.length > MAX_DATES)],
    ['time', form.timeBy === 'clock' && !(form.starts !== '' && form.starts < form.ends)],
  ]
  return missing.filter(([, is]) => is).map(([field]) => field)
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

/**
 * @param term the term to which weeks belong, with its number of weeks.
 * @param waiver why a hard clash is borne; empty for none.
 */
export function wishOf(
  form: PlanForm,
  county: string,
  term: { readonly term_id: string; readonly weeks: number } | null,
  waiver = '',
): PlanWish {
  const periodic = form.kind === 'periodic'
  const byPeriod = form.timeBy === 'period'
  return {
    county_id: county,
    kind: form.kind,
    class_kind: form.classKind,
    delivery_mode: form.mode,
    subject_id: form.subjectId,
    title: form.title.trim(),
    grade: form.grade.trim(),
    lead_teacher_id: form.teacherId,
    term_id: term?.term_id ?? null,
    lead_room_id: orNull(form.leadRoomId),
    lead_class_id: form.mode === 'lead_with_pupils' ? orNull(form.leadClassId) : null,
    seats: form.seats.map((seat) => ({ room_id: seat.roomId, class_id: orNull(seat.classId) })),
    weekday: periodic ? form.weekday : null,
    weeks: periodic ? weeksText(form.weeks, term?.weeks ?? 0) : null,
    dates: periodic ? [] : [...form.dates].sort(),
    period: byPeriod ? form.period : null,
    period_count: byPeriod ? form.periodCount : 1,
    starts: byPeriod ? null : timeOf(form.starts),
    ends: byPeriod ? null : timeOf(form.ends),
    textbook_volume: orNull(form.volume),
    textbook_section: orNull(form.section),
    waiver: orNull(waiver),
  }
}

/** The field of the form to which a server's field belongs, or null for the whole. */
export function fieldOf(wireField: string | null): PlanField | null {
  const name = wireField?.replace(/^plan\./, '').replace(/[[.].*/, '') ?? ''
  const fields: Record<string, PlanField> = {
    subject_id: 'subject',
    title: 'title',
    grade: 'grade',
    lead_teacher_id: 'teacher',
    seats: 'seats',
    lead_room_id: 'seats',
    weeks: 'weeks',
    weekday: 'weeks',
    dates: 'dates',
    period: 'time',
    period_count: 'time',
    starts: 'time',
    ends: 'time',
  }
  return fields[name] ?? null
}
