/** Which week of whom a page shows, and its form in an address. */
import type { ListKind } from '../base/wire'

export interface WeekPlace {
  readonly by: ListKind
  readonly id: string
  readonly term: string
  /** Teaching week, from 1 on; null means the present one. */
  readonly week: number | null
}

export const LIST_KINDS: readonly ListKind[] = ['teacher', 'school', 'room', 'subject', 'class']
const MAX_WEEKS = 30

type Query = Readonly<Record<string, unknown>>

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '')

/** Reads what an address says; what it leaves out or gets wrong is empty. */
export function placeOf(query: Query): WeekPlace {
  const by = LIST_KINDS.find((one) => one === query['by']) ?? 'teacher'
  const week = /^\d{1,2}$/.test(text(query['week'])) ? Number(query['week']) : 0
  return { by, id: text(query['id']), term: text(query['term']), week: week >= 1 && week <= MAX_WEEKS ? week : null }
}

/** The address of a place. */
export function addressOf({ by, id, term, week }: WeekPlace): Record<string, string> {
  return {
    by,
    ...(id !== '' && { id }),
    ...(term !== '' && { term }),
    ...(week !== null && { week: String(week) }),
  }
}

/** The week so many weeks on, or null beyond the term. */
export function weekAt(week: number, steps: number, weeks: number): number | null {
  const next = week + steps
  return next >= 1 && next <= weeks ? next : null
}
