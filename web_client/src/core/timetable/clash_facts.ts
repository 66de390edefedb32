/** Clashes as a page lists them: hard ones first, the same fact of many weeks once. */
import type { ClashFound, ClashLesson } from '../base/wire'

export interface ClashFact {
  readonly found: ClashFound
  /** The other lessons that it names, without repetition. */
  readonly others: readonly ClashLesson[]
  /** In how many lessons of the change it was found. */
  readonly times: number
}

/** A plan of a term may break one rule in every week: that is one fact, with a number. */
export function clashFacts(clashes: readonly ClashFound[]): ClashFact[] {
  const groups = new Map<string, ClashFound[]>()
  for (const one of clashes) {
    const titles = one.others.map((other) => other.title).sort()
    const key = [one.rule, one.who.kind, one.who.id, ...titles].join('\n')
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const facts = [...groups.values()].flatMap((group) => {
    const [found] = group
    return found === undefined ? [] : [{ found, others: distinct(found.others), times: group.length }]
  })
  return facts.sort((a, b) => Number(a.found.level === 'soft') - Number(b.found.level === 'soft'))
}

export const hasHard = (clashes: readonly ClashFound[]): boolean => clashes.some((one) => one.level === 'hard')

function distinct(lessons: readonly ClashLesson[]): ClashLesson[] {
  const seen = new Map<string, ClashLesson>()
  for (const one of lessons) seen.set(`${one.lesson_id}${one.title}${one.starts_at}`, one)
  return [...seen.values()]
}
