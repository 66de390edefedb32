/** Sets of teaching weeks: 1-16周, 1-4,6-17周, 单周, 双周. The server reads and writes the same words. */
import type { Parity } from '../base/wire'

export type WeekSet = ReadonlySet<number>

const SHORTEST_STRIDE = 3 // weeks that are written as 1-5周(单) and not one by one
const MAX_TEXT = 120
const GROUP =
  /^(\d{1,3}(?:-\d{1,3})?(?:,\d{1,3}(?:-\d{1,3})?)*)?周?(?:(?:[([]([单双])周?[)\]]周?)|(?:([单双])周?))?/
const EVERY = ['每周', '全周', '全']

export const parityOf = (week: number): Parity => (week % 2 === 1 ? 'odd' : 'even')

export function span(first: number, last: number): WeekSet {
  return new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n))
}

export function only(weeks: WeekSet, parity: Parity): WeekSet {
  return new Set([...weeks].filter((week) => parityOf(week) === parity))
}

/** The set with the weeks from one to the other taken in or out. */
export function withSpan(weeks: WeekSet, from: number, to: number, included: boolean): WeekSet {
  const changed = new Set(weeks)
  for (const week of span(Math.min(from, to), Math.max(from, to))) {
    if (included) changed.add(week)
    else changed.delete(week)
  }
  return changed
}

const sorted = (weeks: WeekSet): number[] => [...weeks].sort((a, b) => a - b)
const equal = (one: WeekSet, other: WeekSet): boolean => one.size === other.size && [...one].every((week) => other.has(week))

/** The set in words, such as 1-4,6-17周; empty for no week. `last` is the number of weeks of the term. */
export function weeksText(weeks: WeekSet, last: number): string {
  const members = sorted(weeks)
  const [first] = members
  const until = members[members.length - 1]
  if (first === undefined || until === undefined) return ''
  if (last > 1 && equal(weeks, only(span(1, last), 'odd'))) return '单周'
  if (last > 1 && equal(weeks, only(span(1, last), 'even'))) return '双周'
  const parity = parityOf(first)
  if (members.length >= SHORTEST_STRIDE && equal(weeks, only(span(first, until), parity))) {
    return `${first}-${until}周(${parity === 'odd' ? '单' : '双'})`
  }
  const runs: string[] = []
  let begin = first
  members.forEach((week, n) => {
    if (members[n + 1] === week + 1) return
    runs.push(begin === week ? String(week) : `${begin}-${week}`)
    begin = members[n + 1] ?? week
  })
  return `${runs.join(',')}周`
}

/** Reads a set of weeks; null where it cannot be read, or names no week of the term or one beyond it. */
export function parseWeeks(text: string, last: number): WeekSet | null {
  if (text.length > MAX_TEXT) return null
  let rest = plain(text)
  if (EVERY.includes(rest)) return span(1, last)
  const found = new Set<number>()
  while (rest !== '') {
    const group = GROUP.exec(rest)
    if (group === null || group[0] === '') return null
    const weeks = weeksOf(group[1], group[2] ?? group[3], last)
    if (weeks === null) return null
    for (const week of weeks) found.add(week)
    rest = rest.slice(group[0].length)
    if (rest === '') break
    if (rest[0] !== ',' || rest.length === 1) return null
    rest = rest.slice(1)
  }
  return found.size === 0 ? null : found
}

function weeksOf(ranges: string | undefined, parity: string | undefined, last: number): WeekSet | null {
  if (ranges === undefined && parity === undefined) return null
  const found = new Set<number>()
  for (const range of ranges?.split(',') ?? [`1-${last}`]) {
    const [first = 0, until = first] = range.split('-').map(Number)
    if (first < 1 || until < first || until > last) return null
    for (const week of span(first, until)) found.add(week)
  }
  return parity === undefined ? found : only(found, parity === '单' ? 'odd' : 'even')
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\s/g, '')
    .replace(/[~—–―−至到～]/g, '-')
    .replace(/[、;；.．，]/g, ',')
    .replace(/第/g, '')
}
