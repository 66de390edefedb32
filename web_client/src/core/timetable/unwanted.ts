/** 不宜排课: the week of one teacher, school or subject as cells, painted by mouse and keyboard. */
import type { UnwantedLevel, UnwantedMark, UnwantedPeriod, UnwantedWeek } from '../base/wire'

export const OWNER_KINDS = ['teacher', 'school', 'subject'] as const
export type OwnerKind = (typeof OWNER_KINDS)[number]
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const

/** What a cell says: nothing, 不宜 or 不可. */
export type Mark = UnwantedLevel | 'free'
/** The marked cells, by `markKey`. */
export type Marks = Readonly<Record<string, UnwantedLevel>>

export interface Owner {
  readonly kind: OwnerKind
  readonly id: string
  readonly name: string
}

export const markKey = (weekday: number, period: number): string => `${weekday}.${period}`

const FIELDS = { teacher: 'teacher_id', school: 'school_id', subject: 'subject_id' } as const

const ownerOf = (one: UnwantedPeriod): Owner => {
  const kind = OWNER_KINDS.find((which) => one[FIELDS[which]] !== null) ?? 'subject'
  return { kind, id: one[FIELDS[kind]] ?? '', name: one.owner }
}

export const wishesOf = (wishes: readonly UnwantedPeriod[], kind: OwnerKind, id: string): UnwantedPeriod[] =>
  wishes.filter((one) => one[FIELDS[kind]] === id)

/** The marks of some wishes; one without a weekday stands on every day, and 不可 outweighs 不宜. */
export function marksOf(wishes: readonly UnwantedPeriod[]): Marks {
  const marks: Record<string, UnwantedLevel> = {}
  for (const one of wishes) {
    for (const weekday of one.weekday === null ? WEEKDAYS : [one.weekday]) {
      const key = markKey(weekday, one.period)
      if (marks[key] !== 'forbid') marks[key] = one.level
    }
  }
  return marks
}

export const markAt = (marks: Marks, weekday: number, period: number): Mark => marks[markKey(weekday, period)] ?? 'free'

/** The mark after this one, for the space bar. */
export function nextMark(mark: Mark): Mark {
  if (mark === 'free') return 'avoid'
  return mark === 'avoid' ? 'forbid' : 'free'
}

/** The marks with some cells painted. */
export function painted(marks: Marks, cells: readonly string[], mark: Mark): Marks {
  const named = new Set(cells)
  const kept = Object.entries(marks).filter(([key]) => !named.has(key))
  const added = mark === 'free' ? [] : cells.map((key): [string, UnwantedLevel] => [key, mark])
  return Object.fromEntries([...kept, ...added])
}

/** How many cells differ. */
export function changesBetween(before: Marks, after: Marks): number {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]).length
}

export function weekOf(county: string, kind: OwnerKind, id: string, wishes: readonly UnwantedPeriod[], marks: Marks): UnwantedWeek {
  const list = Object.entries(marks).map(([key, level]): UnwantedMark => {
    const [weekday = 0, period = 0] = key.split('.').map(Number)
    return { weekday, period, level }
  })
  const seen = wishesOf(wishes, kind, id).map((one) => one.wish_id)
  return { county_id: county, marks: list, seen, [FIELDS[kind]]: id }
}

export interface OwnerMarks extends Owner {
  readonly avoid: number
  readonly forbid: number
}

/** Everybody for whom something is set, by kind and name. */
export function owners(wishes: readonly UnwantedPeriod[]): OwnerMarks[] {
  const found = new Map<string, Owner>()
  for (const one of wishes) {
    const owner = ownerOf(one)
    if (owner.id !== '') found.set(`${owner.kind} ${owner.id}`, owner)
  }
  return [...found.values()]
    .map((owner) => {
      const levels = Object.values(marksOf(wishesOf(wishes, owner.kind, owner.id)))
      const count = (level: UnwantedLevel) => levels.filter((one) => one === level).length
      return { ...owner, avoid: count('avoid'), forbid: count('forbid') }
    })
    .sort((a, b) => OWNER_KINDS.indexOf(a.kind) - OWNER_KINDS.indexOf(b.kind) || a.name.localeCompare(b.name, 'zh'))
}
