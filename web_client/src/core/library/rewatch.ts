/** 补看 on a classroom's screen: which recordings are listed there, and what the room missed of a lesson. */
import type { LedgerEvidence, RecordingSummary, Span } from '../base/wire'

const LISTED_MS = 14 * 86_400_000 // lessons of the last two weeks
const LEAST_MISSED_S = 60 // less is a page that was loaded anew
const LEAD = 'lead' // the participant id of the lead teacher (docs/protocol.md)

/** The recordings that are listed, the newest first. One that still runs is a lesson, not a recording. */
export function listed(recordings: readonly RecordingSummary[], nowMs: number): RecordingSummary[] {
  return recordings
    .filter((one) => one.state !== 'recording' && Date.parse(one.started_at) > nowMs - LISTED_MS)
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at))
}

/** Times of a lesson in which the room was away. */
export interface Missed {
  readonly minutes: number
  /** In seconds of the recording. */
  readonly spans: readonly Span[]
}

/**
 * What the ledger knows of a room's absence; null where it knows nothing for certain.
 * @param startedAt begin of the recording.
 */
export function missedOf(evidence: LedgerEvidence, startedAt: string): Missed | null {
  const { held_from: from, held_to: to } = evidence
  const room = evidence.presence.filter((one) => one.participant_id !== LEAD)
  if (from === null || to === null || room.some((one) => !one.exact || one.left_at === null)) return null
  const zero = Date.parse(startedAt)
  const second = (time: string): number => (Date.parse(time) - zero) / 1000
  const end = second(to)
  const spans: Span[] = []
  let reached = second(from)
  const away = (until: number): void => {
    if (until - reached >= LEAST_MISSED_S) spans.push({ start_s: Math.max(0, reached), end_s: until })
  }
  const there = room.map((one) => ({ start_s: second(one.joined_at), end_s: second(one.left_at ?? to) }))
  for (const { start_s, end_s } of there.sort((a, b) => a.start_s - b.start_s)) {
    away(Math.min(start_s, end))
    reached = Math.max(reached, end_s)
  }
  away(end)
  const seconds = spans.reduce((sum, one) => sum + one.end_s - one.start_s, 0)
  return { minutes: Math.floor(seconds / 60), spans }
}

/** Where the next missed time begins; behind the last of them, the first. Null: nothing of it was missed. */
export function nextMissed(missed: Missed | null, atS: number, lengthS: number): number | null {
  const spans = missed?.spans.filter((one) => one.start_s < lengthS) ?? []
  return (spans.find((one) => one.start_s > atS) ?? spans[0])?.start_s ?? null
}
