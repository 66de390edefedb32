import { describe, expect, it } from 'vitest'
import { listed, missedOf, nextMissed } from '../../../src/core/library/rewatch'
import type { LedgerEvidence, LibraryState, RecordingSummary } from '../../../src/core/base/wire'

const DAY = (day: number, hour = '02:00:00') => `2026-11-${String(day).padStart(2, '0')}T${hour}Z`

describe('the list of 补看', () => {
  const recording = (id: string, state: LibraryState, at: string) => ({ recording_id: id, state, started_at: at }) as RecordingSummary
  const now = Date.parse(DAY(24))

  it('has the last 14 days, the newest first, and no lesson that still runs', () => {
    const shown = listed(
      [
        recording('old', 'ready', DAY(9)),
        recording('first', 'ready', DAY(11)),
        recording('live', 'recording', DAY(24, '01:50:00')),
        recording('last', 'finishing', DAY(23)),
        recording('lost', 'failed', DAY(20)),
      ],
      now,
    )
    expect(shown.map((one) => one.recording_id)).toEqual(['last', 'lost', 'first'])
  })

  it('keeps a lesson for just 14 days', () => {
    const edge = recording('edge', 'ready', DAY(10, '02:00:01'))
    expect(listed([edge], now)).toHaveLength(1)
    expect(listed([edge], now + 1000)).toHaveLength(0)
  })
})

describe('what a room missed', () => {
  type Span = readonly [from: string, to: string | null, exact?: boolean]
  const evidence = (spans: readonly Span[], from: string | null = '02:00:00', to: string | null = '02:40:00') =>
    ({
      held_from: from && DAY(24, from),
      held_to: to && DAY(24, to),
      presence: [
        { participant_id: 'lead', joined_at: DAY(24, '01:55:00'), left_at: DAY(24, '02:41:00'), exact: true },
        ...spans.map(([joined, left, exact = true]) => ({
          participant_id: 'room-a',
          joined_at: DAY(24, joined),
          left_at: left && DAY(24, left),
          exact,
        })),
      ],
    }) as unknown as LedgerEvidence
  const started = DAY(24, '01:59:00') // a minute before the lesson

  it('is the time between its stays, in seconds of the recording', () => {
    const missed = missedOf(evidence([['02:20:30', '02:40:00'], ['01:50:00', '02:08:00']]), started)
    expect(missed).toEqual({ minutes: 12, spans: [{ start_s: 540, end_s: 1290 }] })
  })

  it('counts a late arrival, an early end, and a whole absence', () => {
    expect(missedOf(evidence([['02:05:00', '02:30:00']]), started)).toEqual({
      minutes: 15,
      spans: [
        { start_s: 60, end_s: 360 },
        { start_s: 1860, end_s: 2460 },
      ],
    })
    expect(missedOf(evidence([]), started)?.minutes).toBe(40)
  })

  it('takes stays that overlap as one, and no reload of a page for an absence', () => {
    const spans: Span[] = [
      ['01:58:00', '02:30:00'],
      ['02:10:00', '02:20:00'],
      ['02:30:40', '02:45:00'],
    ]
    expect(missedOf(evidence(spans), started)).toEqual({ minutes: 0, spans: [] })
  })

  it('is not known of a lesson that was not held, or of stays that were not measured', () => {
    expect(missedOf(evidence([], null), started)).toBeNull()
    expect(missedOf(evidence([], '02:00:00', null), started)).toBeNull()
    expect(missedOf(evidence([['02:00:00', '02:40:00', false]]), started)).toBeNull()
    expect(missedOf(evidence([['02:00:00', null]]), started)).toBeNull()
  })

  it('leads from one missed time to the next, and round again', () => {
    const missed = missedOf(evidence([['02:05:00', '02:30:00']]), started)
    expect(nextMissed(missed, 0, 2500)).toBe(60)
    expect(nextMissed(missed, 60, 2500)).toBe(1860)
    expect(nextMissed(missed, 60, 1800)).toBe(60) // the recording ends before the second
    expect(nextMissed(missed, 1900, 2500)).toBe(60)
    expect(nextMissed(null, 0, 2500)).toBeNull()
    expect(nextMissed({ minutes: 0, spans: [] }, 0, 2500)).toBeNull()
  })
})
