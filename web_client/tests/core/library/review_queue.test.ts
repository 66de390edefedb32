import { describe, expect, it } from 'vitest'
import type { ReviewQueue, ReviewQueueEntry } from '../../../src/core/base/wire'
import { followingIn, queueStateOf } from '../../../src/core/library/review_queue'

function entry(id: string, minute: number, refused: ReviewQueueEntry['refused'] = null): ReviewQueueEntry {
  return { resource: { resource_id: id }, submitted_at: `2026-11-30T08:${String(minute).padStart(2, '0')}:00Z`, refused } as unknown as ReviewQueueEntry
}
function page(entries: readonly ReviewQueueEntry[], total = entries.length, next: string | null = null): ReviewQueue {
  return { entries, total, next, server_time: '2026-11-30T09:00:00Z' }
}
const at = (minute: number): string => entry('', minute).submitted_at

describe('what follows a verdict', () => {
  it('is the next that waited less long, so that what was skipped does not come again at once', async () => {
    const found = await followingIn(() => Promise.resolve(page([entry('skipped', 1), entry('later', 5)])), 'done', at(3))
    expect(found).toEqual({ entry: entry('later', 5), waiting: 2 })
  })
  it('begins anew behind the last one', async () => {
    const found = await followingIn(() => Promise.resolve(page([entry('a', 1), entry('b', 2)])), 'done', at(3))
    expect(found.entry?.resource.resource_id).toBe('a')
  })
  it('is never the decided one, which may wait for its next level', async () => {
    const found = await followingIn(() => Promise.resolve(page([entry('done', 3)])), 'done', at(3))
    expect(found).toEqual({ entry: null, waiting: 0 })
  })
  it('passes over what others must decide, and still counts it', async () => {
    const found = await followingIn(() => Promise.resolve(page([entry('own', 4, 'own_resource'), entry('b', 5)])), 'done', at(3))
    expect(found).toEqual({ entry: entry('b', 5), waiting: 2 })
  })
  it('is looked for on a bounded number of pages', async () => {
    const asked: (string | null)[] = []
    const found = await followingIn(
      (after) => {
        asked.push(after)
        return Promise.resolve(page([entry(`own${asked.length}`, asked.length, 'own_resource')], 9, `c${asked.length}`))
      },
      'done',
      at(0),
    )
    expect(asked).toEqual([null, 'c1', 'c2'])
    expect(found).toEqual({ entry: null, waiting: 9 })
  })
})

it('reads the list from an address, whatever stands there', () => {
  expect(queueStateOf('passed')).toBe('passed')
  expect(queueStateOf('published')).toBe('in_review')
  expect(queueStateOf(['passed'])).toBe('in_review')
})
