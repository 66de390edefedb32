/** What became of a batch, as a page tells it. */
import type { ProblemCode } from '../base/wire'

export interface Refused {
  readonly id: string
  readonly title: string
  readonly problem: ProblemCode
}
export interface BatchOutcomes {
  readonly done: number
  readonly refused: readonly Refused[]
}

/** The outcomes with the titles that the page has shown. */
export function outcomesOf(all: readonly { readonly id: string; readonly problem: ProblemCode | null }[], titles: ReadonlyMap<string, string>): BatchOutcomes {
  const refused = all.flatMap(({ id, problem }) => (problem === null ? [] : [{ id, problem, title: titles.get(id) ?? id }]))
  return { done: all.length - refused.length, refused }
}

/** The ids that stay ticked after a batch: what was refused, and what was more than is done at once. */
export function stillChosen(chosen: readonly string[], all: readonly { readonly id: string; readonly problem: ProblemCode | null }[]): readonly string[] {
  const done = new Set(all.filter((one) => one.problem === null).map((one) => one.id))
  return chosen.filter((id) => !done.has(id))
}

/** The ids that stay ticked after one was ticked or unticked. */
export function toggled(chosen: readonly string[], id: string): readonly string[] {
  return chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]
}
