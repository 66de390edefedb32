/** 调课 / 代课 / 补课 / 停课: what the form holds, and the body that it becomes. */
import type {
  LessonMakeUp,
  LessonMove,
  LessonState,
  LessonStop,
  LessonSubstitute,
  MissedReason,
  SlotWish,
  TimetableLesson,
} from '../base/wire'
import { timeOf } from './plan_form'

export type ChangeForm = 'move' | 'substitute' | 'make_up' | 'cancel'

export const REASONS: readonly MissedReason[] = [
  'teacher_leave',
  'equipment_fault',
  'network_fault',
  'power_fault',
  'system_fault',
  'room_closed',
  'lead_absent',
  'other',
]

export interface ChangeFields {
  date: string
  timeBy: 'period' | 'clock'
  period: number
  starts: string
  ends: string
  teacherId: string
  reason: MissedReason | ''
  note: string
  /** From this lesson on, and not this one alone. */
  onward: boolean
  waiver: string
}

/** The fields as they stand before anybody changed them: those of the lesson. */
export function fieldsOf(lesson: TimetableLesson, hour: (time: string) => string): ChangeFields {
  return {
    date: lesson.date,
    timeBy: lesson.period === null ? 'clock' : 'period',
    period: lesson.period ?? 1,
    starts: hour(lesson.starts_at),
    ends: hour(lesson.ends_at),
    teacherId: '',
    reason: '',
    note: '',
    onward: false,
    waiver: '',
  }
}

/** The changes that may be made of a lesson in this state. */
export function changesOf(state: LessonState): readonly ChangeForm[] {
  if (state === 'scheduled') return ['move', 'substitute', 'cancel']
  return state === 'cancelled' || state === 'ended' ? ['make_up'] : []
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

export function slotWish(fields: ChangeFields, periodCount: number): SlotWish {
  const { date, timeBy, period, starts, ends } = fields
  return timeBy === 'period' ? { date, period, period_count: periodCount } : { date, starts: timeOf(starts), ends: timeOf(ends) }
}

export type ChangeField = 'date' | 'time' | 'teacher' | 'reason' | 'note'

/** What is missing. 其他 says nothing by itself: it needs a note. */
export function missingIn(kind: ChangeForm, fields: ChangeFields): ChangeField[] {
  const slot = kind === 'move' || kind === 'make_up'
  const reasoned = kind === 'substitute' || kind === 'cancel'
  const missing: [ChangeField, boolean][] = [
    ['date', slot && fields.date === ''],
    ['time', slot && fields.timeBy === 'clock' && !(fields.starts !== '' && fields.starts < fields.ends)],
    ['teacher', kind === 'substitute' && fields.teacherId === ''],
    ['reason', reasoned && fields.reason === ''],
    ['note', reasoned && fields.reason === 'other' && fields.note.trim() === ''],
  ]
  return missing.filter(([, is]) => is).map(([field]) => field)
}

export function moveBody(lesson: TimetableLesson, fields: ChangeFields): LessonMove {
  return {
    version: lesson.version,
    slot: slotWish(fields, lesson.period_count),
    onward: fields.onward,
    reason: fields.reason || null,
    note: orNull(fields.note),
    waiver: orNull(fields.waiver),
  }
}

export function substituteBody(lesson: TimetableLesson, fields: ChangeFields): LessonSubstitute {
  return {
    version: lesson.version,
    teacher_id: fields.teacherId,
    reason: fields.reason || 'other',
    onward: fields.onward,
    note: orNull(fields.note),
    waiver: orNull(fields.waiver),
  }
}

export function stopBody(lesson: TimetableLesson, fields: ChangeFields): LessonStop {
  return { version: lesson.version, reason: fields.reason || 'other', onward: fields.onward, note: orNull(fields.note) }
}

export function makeUpBody(lesson: TimetableLesson, fields: ChangeFields): LessonMakeUp {
  return {
    slot: slotWish(fields, lesson.period_count),
    teacher_id: orNull(fields.teacherId),
    note: orNull(fields.note),
    waiver: orNull(fields.waiver),
  }
}
