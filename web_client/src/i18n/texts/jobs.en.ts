import type { jobsZh } from './jobs.zh'

/** Texts of long work, in English. */
export const jobsEn: typeof jobsZh = {
  job: {
    state: {
      queued: 'Waiting',
      running: 'Working',
      done: 'Done',
      failed: 'Not done',
      cancelled: 'Cancelled',
    },
    progress: 'Progress of the work',
    percent: '{percent}%',
    again: 'Attempt {n}',
    cancel: 'Cancel',
    cancelling: 'Cancelling…',
  },
}
