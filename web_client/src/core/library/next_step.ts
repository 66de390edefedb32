/** Where a resource stands, and what its owner does next. */
import type { ResourceSummary } from '../base/wire'

export type Standing =
  | 'live'
  | 'recording'
  | 'failed'
  | 'rejected'
  | 'draft'
  | 'in_review'
  | 'passed'
  | 'published'
  | 'expired'
  | 'withdrawn'

export type Tone = 'plain' | 'wait' | 'good' | 'poor'

/** Colours of the states. */
export const TONES: Readonly<Record<Standing, Tone>> = {
  live: 'plain',
  recording: 'plain',
  failed: 'poor',
  rejected: 'poor',
  draft: 'plain',
  in_review: 'wait',
  passed: 'wait',
  published: 'good',
  expired: 'poor',
  withdrawn: 'poor',
}

function expired(summary: Pick<ResourceSummary, 'published'>, nowMs: number): boolean {
  const until = summary.published?.expires_at
  return until !== null && until !== undefined && Date.parse(until) <= nowMs
}

/** The state that matters most: what is at work before what is published. */
export function standingOf(summary: ResourceSummary, nowMs: number): Standing {
  const { working, recording_state: recording } = summary
  if (working?.state === 'in_review') return 'in_review'
  if (working?.state === 'passed') return 'passed'
  if (working?.rejected === true) return 'rejected'
  if (recording === 'recording') return 'live'
  if (recording === 'finishing') return 'recording'
  if (recording === 'failed') return 'failed'
  if (working !== null && summary.state === 'draft') return 'draft'
  if (summary.state === 'withdrawn') return 'withdrawn'
  if (summary.published === null) return 'draft'
  return expired(summary, nowMs) ? 'expired' : 'published'
}

/** The recording grows still, or is being finished: it changes by itself. */
export const isRecording = ({ recording_state: state }: Pick<ResourceSummary, 'recording_state'>): boolean => state === 'recording' || state === 'finishing'

/** A new version is being made while an old one is served. */
export const isRevised = (summary: ResourceSummary): boolean => summary.published !== null && summary.working !== null

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const SLOW_DAYS = 3 // 三个工作日 is what most counties promise
const LATE_DAYS = 7

export interface Age {
  readonly unit: 'now' | 'minutes' | 'hours' | 'days'
  readonly n: number
  readonly tone: Tone
}

/** How long something has waited. */
export function ageOf(since: string, nowMs: number): Age {
  const ms = Math.max(0, nowMs - Date.parse(since))
  if (ms < MINUTE_MS) return { unit: 'now', n: 0, tone: 'plain' }
  if (ms < HOUR_MS) return { unit: 'minutes', n: Math.floor(ms / MINUTE_MS), tone: 'plain' }
  if (ms < DAY_MS) return { unit: 'hours', n: Math.floor(ms / HOUR_MS), tone: 'plain' }
  const n = Math.floor(ms / DAY_MS)
  return { unit: 'days', n, tone: n >= LATE_DAYS ? 'poor' : n >= SLOW_DAYS ? 'wait' : 'plain' }
}
