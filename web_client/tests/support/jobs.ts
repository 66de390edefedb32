import type { Job, JobProblem, JobState } from '../../src/core/base/wire'

/** A job as the server tells it. */
export function aJob(state: JobState, more: Partial<Job> = {}): Job {
  const problem: JobProblem | null = state === 'failed' ? { code: 'job_died', field: null, facts: {} } : null
  return {
    job_id: 'j1',
    kind: 'timetable_import',
    state,
    owner_name: '李管理员',
    own: true,
    progress_done: 0,
    progress_total: 0,
    tries: 1,
    problem,
    created_at: '2026-11-23T02:00:00Z',
    started_at: null,
    ended_at: null,
    may: state === 'queued' || state === 'running' ? ['cancel_job'] : [],
    result: null,
    ...more,
  }
}
