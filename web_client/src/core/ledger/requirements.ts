/** 应开课程: the table of one node on a day, its versions, and what a new version changes. */
import { dayAfter } from '../base/county_time'
import type { OrgLevel, Requirement, RequirementCell } from '../base/wire'

export const MAX_PERIODS = 20 // of a subject in a week, as the server bounds it
const LEVELS: readonly OrgLevel[] = ['country', 'province', 'city', 'county', 'school']

/** A change of the table: the day from which it holds, who saved it, and how many cells it changed. */
export interface Version {
  readonly first: string
  readonly by: string
  readonly at: string | null
  readonly changes: number
}

export interface Cell {
  readonly own: Requirement | null
  readonly inherited: Requirement | null
}

/** A draft: what somebody typed, by `cellKey`. */
export type Draft = Readonly<Record<string, string>>

export const cellKey = (grade: string, subject: string): string => `${grade}\n${subject}`

const holds = (row: Requirement, day: string): boolean => row.first <= day && (row.last === null || day <= row.last)

/** What counts for a grade and subject on a day: the node's own, else the nearest above it. */
export function cellOn(rows: readonly Requirement[], node: string, grade: string, subject: string, day: string): Cell {
  const here = rows.filter((one) => one.grade === grade && one.subject === subject && holds(one, day))
  const above = here
    .filter((one) => one.node_id !== node)
    .sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level))
  return { own: here.find((one) => one.node_id === node) ?? null, inherited: above[0] ?? null }
}

/** The periods that the node itself requires; 0 where it says nothing. */
export function ownPeriods(rows: readonly Requirement[], node: string, key: string, day: string): number {
  const [grade = '', subject = ''] = key.split('\n')
  return cellOn(rows, node, grade, subject, day).own?.periods ?? 0
}

/** The keys of all cells of which the node ever said something. */
export function ownKeys(rows: readonly Requirement[], node: string): string[] {
  return [...new Set(rows.filter((one) => one.node_id === node).map((one) => cellKey(one.grade, one.subject)))]
}

/** The cells that differ between two days. */
export function differences(rows: readonly Requirement[], node: string, before: string, after: string): string[] {
  return ownKeys(rows, node).filter((key) => ownPeriods(rows, node, key, before) !== ownPeriods(rows, node, key, after))
}

/** The versions of a node's table, the newest first. A cell that ends without a successor begins one, too. */
export function versionsOf(rows: readonly Requirement[], node: string): Version[] {
  const own = rows.filter((one) => one.node_id === node)
  const days = new Set(own.flatMap((one) => [one.first, ...(one.last === null ? [] : [dayAfter(one.last, 1)])]))
  return [...days]
    .sort()
    .reverse()
    .map((first) => {
      const changes = differences(rows, node, dayAfter(first, -1), first).length
      const saved = own.filter((one) => one.first === first && one.at !== null)
      const last = saved.reduce<Requirement | null>((best, one) => (best === null || (one.at ?? '') > (best.at ?? '') ? one : best), null)
      return { first, by: last?.by ?? '', at: last?.at ?? null, changes }
    })
    .filter((one) => one.changes > 0)
}

/** The version that holds on a day, as its place in the list; -1 before the first one. */
export function versionOn(versions: readonly Version[], day: string): number {
  return versions.findIndex((one) => one.first <= day)
}

/** The number that somebody typed; null where it is none. An empty field means that nothing is required. */
export function typed(text: string): number | null {
  const bare = text.trim()
  if (bare === '') return 0
  return /^\d{1,2}$/.test(bare) && Number(bare) <= MAX_PERIODS ? Number(bare) : null
}

/** The cells of a draft that differ from what holds on its day; those that are no numbers stay out. */
export function cellsOf(draft: Draft, rows: readonly Requirement[], node: string, day: string): RequirementCell[] {
  return Object.entries(draft).flatMap(([key, text]) => {
    const [grade = '', subject = ''] = key.split('\n')
    const periods = typed(text)
    const { own } = cellOn(rows, node, grade, subject, day)
    if (periods === null || periods === (own?.periods ?? 0)) return []
    return [{ grade, subject, periods, version: own?.version ?? 0 }]
  })
}

/** In the order of the known ones; what they do not name comes after them, in the order of the codepoints. */
export function ordered(known: readonly string[], found: readonly string[]): string[] {
  const more = [...new Set(found)].filter((one) => !known.includes(one)).sort()
  return [...known, ...more]
}
