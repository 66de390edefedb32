/** What a page says of a job. */
import { ApiError } from '../base/rest'
import type { JobState, JobSummary } from '../base/wire'

const OVER: readonly JobState[] = ['done', 'failed', 'cancelled']

export function isOver(job: Pick<JobSummary, 'state'>): boolean {
  return OVER.includes(job.state)
}

/** Whole percents that are done; null while nobody knows how much there is. */
export function percentDone(job: Pick<JobSummary, 'state' | 'progress_done' | 'progress_total'>): number | null {
  if (job.state === 'done') return 100
  if (job.state === 'queued' || job.progress_total <= 0) return null
  const percent = Math.floor((100 * job.progress_done) / job.progress_total)
  return Math.min(99, Math.max(0, percent)) // the result comes after the last step
}

/** The failure of a job, as words are made of it; null: it has not failed. */
export function failureOf(job: Pick<JobSummary, 'state' | 'problem'>): ApiError | null {
  if (job.state !== 'failed' || job.problem === null) return null
  const { code, field, facts } = job.problem
  return new ApiError(409, code, '', field ?? null, null, facts)
}
