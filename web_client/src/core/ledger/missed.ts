/** 缺课原因: what is asked of a point or teacher, and what a county decides about many at once. */
import type { MissedReason, MissedUnit } from '../base/wire'

export const MAX_DECIDED = 100 // units of one request, as the server bounds it

/** The reasons by what they count as (DOMAIN.md). */
export const REASONS = {
  excused: ['network_fault', 'power_fault', 'equipment_fault', 'system_fault', 'teacher_leave', 'room_closed', 'other'],
  unexcused: ['lead_absent'],
} as const satisfies Record<string, readonly MissedReason[]>

export const STATES = ['awaiting', 'given', 'confirmed'] as const
export type MissedState = (typeof STATES)[number]

/** A lesson with all its classes that missed it: the teacher says once why. */
export interface AskedLesson {
  readonly lessonId: string
  readonly units: readonly MissedUnit[]
}

/** The units by lesson, in the order of the list. */
export function byLesson(units: readonly MissedUnit[]): AskedLesson[] {
  const lessons = new Map<string, MissedUnit[]>()
  for (const one of units) lessons.set(one.unit.lesson_id, [...(lessons.get(one.unit.lesson_id) ?? []), one])
  return [...lessons].map(([lessonId, mine]) => ({ lessonId, units: mine }))
}

/** The words with which the county gave reasons back, without repetition. */
export function returnedWith(units: readonly MissedUnit[]): string[] {
  return [...new Set(units.flatMap(({ said }) => (said?.returns === true && said.note !== '' ? [said.note] : [])))]
}

export const needsNote = (reason: MissedReason | '', note: string): boolean => reason === 'other' && note.trim() === ''

export const keyOf = ({ unit }: MissedUnit): string => `${unit.lesson_id} ${unit.room_id}`

/** The months of a choice: this one and those before. */
export function monthsBack(today: string, count: number): string[] {
  const months: string[] = []
  let year = Number(today.slice(0, 4))
  let month = Number(today.slice(5, 7))
  while (months.length < count) {
    months.push(`${year}-${String(month).padStart(2, '0')}`)
    month -= 1
    if (month === 0) {
      month = 12
      year -= 1
    }
  }
  return months
}
