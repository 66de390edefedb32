/** 自动排课: what is asked for, and what came of it. */
import type { ClassKind, NeedWish, ProposalDetail, ProposalWish, ProposedLesson, ProposedPlace } from '../base/wire'
import type { SeatForm } from './plan_form'
import { weeksText, type WeekSet } from './weeks'

export const MAX_NEEDS = 200
export const MAX_PER_WEEK = 10

export interface NeedForm {
  subjectId: string
  subjectName: string
  title: string
  grade: string
  classKind: ClassKind
  teacherId: string
  teacherName: string
  leadRoomId: string
  seats: SeatForm[]
  perWeek: number
  /** Periods of each lesson. */
  periods: number
  weeks: WeekSet
  /** Each lesson every second week. */
  alternate: boolean
}

export interface ProposalForm {
  schoolId: string
  begins: string
  movePlans: boolean
  weekdays: number[]
  needs: NeedForm[]
  /** Teachers who are away to the end of the term. */
  absent: string[]
}

export function emptyNeed(weeks: WeekSet): NeedForm {
  return {
    subjectId: '',
    subjectName: '',
    title: '',
    grade: '',
    classKind: 'dedicated',
    teacherId: '',
    teacherName: '',
    leadRoomId: '',
    seats: [],
    perWeek: 1,
    periods: 1,
    weeks,
    alternate: false,
  }
}

export type NeedField = 'subject' | 'grade' | 'title' | 'teacher' | 'seats' | 'weeks'

export function missingInNeed(need: NeedForm): NeedField[] {
  const missing: [NeedField, boolean][] = [
    ['subject', need.subjectId === ''],
    ['grade', need.grade.trim() === ''],
    ['title', need.title.trim() === ''],
    ['teacher', need.teacherId === ''],
    ['seats', need.seats.length === 0 || need.seats.some((seat) => seat.roomId === '')],
    ['weeks', need.weeks.size === 0],
  ]
  return missing.filter(([, is]) => is).map(([field]) => field)
}

/** Whether there is anything to search for, and a place to search. */
export const isAskable = (form: ProposalForm): boolean =>
  form.schoolId !== '' && form.begins !== '' && form.weekdays.length > 0 && form.needs.length + form.absent.length > 0

export function proposalWish(form: ProposalForm, county: string, term: { readonly term_id: string; readonly weeks: number }): ProposalWish {
  return {
    county_id: county,
    term_id: term.term_id,
    school_id: form.schoolId,
    begins: form.begins,
    needs: form.needs.map((need) => needWish(need, term.weeks)),
    move_plans: form.movePlans,
    absences: form.absent.map((id) => ({ teacher_id: id })),
    weekdays: [...form.weekdays].sort((a, b) => a - b),
  }
}

function needWish(need: NeedForm, last: number): NeedWish {
  return {
    subject_id: need.subjectId,
    title: need.title.trim(),
    grade: need.grade.trim(),
    class_kind: need.classKind,
    lead_teacher_ids: [need.teacherId],
    lead_room_ids: need.leadRoomId === '' ? [] : [need.leadRoomId],
    seats: need.seats.map((seat) => ({ room_id: seat.roomId, class_id: seat.classId === '' ? null : seat.classId })),
    lengths: Array.from({ length: need.perWeek }, () => need.periods),
    weeks: weeksText(need.weeks, last),
    alternate: need.alternate,
  }
}

// --- outcomes

export interface Outcome {
  readonly unplaced: readonly ProposedLesson[]
  readonly moved: readonly ProposedLesson[]
  readonly fresh: readonly ProposedLesson[]
  readonly kept: readonly ProposedLesson[]
}

export function outcomeOf({ lessons }: Pick<ProposalDetail, 'lessons'>): Outcome {
  return {
    unplaced: lessons.filter((one) => one.place === null),
    moved: lessons.filter((one) => one.place !== null && one.moved),
    fresh: lessons.filter((one) => one.place !== null && !one.moved && one.plan_id === null),
    kept: lessons.filter((one) => one.place !== null && !one.moved && one.plan_id !== null),
  }
}

/** In what the new place differs from the present one. */
export function placeChanges(before: ProposedPlace, after: ProposedPlace): ('time' | 'teacher' | 'room')[] {
  const found: ['time' | 'teacher' | 'room', boolean][] = [
    ['time', before.weekday !== after.weekday || before.period !== after.period || before.weeks !== after.weeks],
    ['teacher', before.lead_teacher.person_id !== after.lead_teacher.person_id],
    ['room', before.lead_room?.room_id !== after.lead_room?.room_id],
  ]
  return found.filter(([, is]) => is).map(([name]) => name)
}
