import { describe, expect, it } from 'vitest'
import type { ResourceSummary, VersionState, WorkingBrief } from '../../../src/core/base/wire'
import { ageOf, isRevised, standingOf } from '../../../src/core/library/next_step'

const NOW = Date.parse('2026-11-29T10:00:00Z')
const summary = (given: Partial<ResourceSummary>): ResourceSummary =>
  ({ state: 'draft', recording_state: 'ready', working: null, published: null, ...given }) as ResourceSummary
const working = (state: VersionState, rejected = false): WorkingBrief => ({ number: 1, state, level: null, submitted_at: null, rejected })
const published = (expires_at: string | null) => ({ version: 1, scope: 'public' as const, published_at: '2026-11-01T00:00:00Z', expires_at })

describe('where a resource stands', () => {
  it.each([
    [summary({ recording_state: 'recording' }), 'live'],
    [summary({ working: working('draft'), recording_state: 'finishing' }), 'recording'],
    [summary({ working: working('draft'), recording_state: 'failed' }), 'failed'],
    [summary({ working: working('draft') }), 'draft'],
    [summary({ working: working('draft', true) }), 'rejected'],
    [summary({ working: working('in_review') }), 'in_review'],
    [summary({ working: working('passed') }), 'passed'],
    [summary({ state: 'published', published: published(null) }), 'published'],
    [summary({ state: 'published', published: published('2026-11-29T09:59:59Z') }), 'expired'],
    [summary({ state: 'published', published: published('2026-11-30T00:00:00Z'), working: working('draft') }), 'published'],
    [summary({ state: 'published', published: published(null), working: working('in_review') }), 'in_review'],
    [summary({ state: 'withdrawn', working: working('draft') }), 'withdrawn'],
    [summary({ state: 'withdrawn', working: working('in_review') }), 'in_review'],
  ])('%# is told by its states', (given, standing) => expect(standingOf(given, NOW)).toBe(standing))

  it('says that a new version is being made', () => {
    expect(isRevised(summary({ published: published(null), working: working('draft') }))).toBe(true)
    expect(isRevised(summary({ working: working('draft') }))).toBe(false)
  })
})

describe('how long something waits', () => {
  it.each([
    ['2026-11-29T09:59:01Z', 'now', 0, 'plain'],
    ['2026-11-29T09:59:00Z', 'minutes', 1, 'plain'],
    ['2026-11-29T09:01:00Z', 'minutes', 59, 'plain'],
    ['2026-11-29T07:30:00Z', 'hours', 2, 'plain'],
    ['2026-11-27T10:00:00Z', 'days', 2, 'plain'],
    ['2026-11-26T10:00:00Z', 'days', 3, 'wait'],
    ['2026-11-20T10:00:00Z', 'days', 9, 'poor'],
    ['2026-11-29T12:00:00Z', 'now', 0, 'plain'],
  ])('%s', (since, unit, n, tone) => expect(ageOf(since, NOW)).toEqual({ unit, n, tone }))
})
