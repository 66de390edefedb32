/** Weeks and lessons for tests of the timetable. */
import type { ClashFound, TimetableLesson, WeekDay } from '../../src/core/base/wire'

export function lessonAt(id: string, date: string, period: number | null, more: Partial<TimetableLesson> = {}): TimetableLesson {
  const hour = String(8 + (period ?? 10)).padStart(2, '0')
  return {
    lesson_id: id,
    version: 0,
    changed_at: null,
    changed: false,
    plan_id: 'plan',
    plan_kind: 'periodic',
    title: `课 ${id}`,
    subject: '音乐',
    subject_id: 'music',
    grade: '三年级',
    class_kind: 'dedicated',
    delivery_mode: 'lead_with_pupils',
    state: 'scheduled',
    date,
    starts_at: `${date}T${hour}:00:00+08:00`,
    ends_at: `${date}T${hour}:40:00+08:00`,
    period,
    period_count: 1,
    week: 1,
    lead_teacher: { person_id: 'wang', name: '王老师' },
    lead_room: { room_id: 'lead', name: '录播教室', school: '中心小学' },
    lead_class: null,
    seats: [{ room: { room_id: 'p1', name: '一年级', school: '山泉教学点' }, class: null }],
    textbook_volume: null,
    textbook_section: null,
    change: null,
    reason: null,
    note: null,
    waiver: null,
    make_up_of: null,
    ...more,
  }
}

export function day(date: string, more: Partial<WeekDay> = {}): WeekDay {
  return { date, week: 1, parity: 'odd', kind: null, name: '', teaches: null, teaches_weekday: null, ...more }
}

/** Monday 2026-09-14 to Sunday 2026-09-20, which is a make-up day. */
export const DAYS: readonly WeekDay[] = [14, 15, 16, 17, 18, 19].map((n) => day(`2026-09-${n}`)).concat(
  day('2026-09-20', { kind: 'make_up', teaches: '2026-10-06', teaches_weekday: 2 }),
)

export const PERIODS = [1, 2, 3].map((number) => ({
  number,
  starts: `0${7 + number}:20:00`,
  ends: `0${8 + number}:00:00`,
  name: '',
}))

export function clash(more: Partial<ClashFound> = {}): ClashFound {
  const lesson = { lesson_id: 'a', title: '甲', starts_at: '', ends_at: '', lead_teacher: '王老师' }
  return {
    rule: 'teacher',
    level: 'hard',
    who: { kind: 'person', id: 'wang', name: '王老师' },
    lesson,
    others: [{ ...lesson, lesson_id: 'b', title: '乙' }],
    needed: null,
    available: null,
    ...more,
  }
}
