/** Which resource a reviewer turns to after a verdict. */
import type { ReviewQueue, ReviewQueueEntry } from '../base/wire'
import { QUEUE_STATES, type QueueState } from './resources_api'

/** The server counts no further. */
export const MOST_COUNTED = 1000
/** How many pages of waiting resources are looked through for one that the reader may decide about. */
const PAGES_LOOKED_AT = 3

export interface Following {
  /** Null: nothing that was looked at is for the reader. */
  readonly entry: ReviewQueueEntry | null
  /** How many wait beside the one that was decided. The server counts no further than 1000. */
  readonly waiting: number
}

/** The list of which an address speaks. */
export function queueStateOf(asked: unknown): QueueState {
  return QUEUE_STATES.find((one) => one === asked) ?? 'in_review'
}

/**
 * Finds what comes after `doneId` in the queue: the next one that waited less long, else the longest waiting.
 *
 * @param load asks for the page behind a place, or for the first one.
 * @param sinceIso when the decided one was submitted; null: the search begins at the longest waiting.
 */
export async function followingIn(load: (after: string | null) => Promise<ReviewQueue>, doneId: string, sinceIso: string | null): Promise<Following> {
  const open: ReviewQueueEntry[] = []
  let waiting = 0
  let after: string | null = null
  for (let n = 0; n < PAGES_LOOKED_AT; n += 1) {
    const page: ReviewQueue = await load(after)
    if (n === 0) waiting = page.total
    if (page.entries.some((one) => one.resource.resource_id === doneId)) waiting -= 1
    open.push(...page.entries.filter((one) => one.refused === null && one.resource.resource_id !== doneId))
    const later = open.find((one) => sinceIso !== null && Date.parse(one.submitted_at) >= Date.parse(sinceIso))
    if (later !== undefined) return { entry: later, waiting }
    after = page.next
    if (after === null) break
  }
  return { entry: open[0] ?? null, waiting }
}
