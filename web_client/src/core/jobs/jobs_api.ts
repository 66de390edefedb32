/** Requests about long work. */
import type { RestClient } from '../base/rest'
import type { Job, JobList } from '../base/wire'

export class JobsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  /**
   * A page of jobs, newest first.
   *
   * @param whose `own`, or `branch`: all that we may read.
   * @param before the `next` of the page before; null begins.
   */
  list(whose: 'own' | 'branch', before: string | null = null): Promise<JobList> {
    const more = before === null ? '' : `&before=${encodeURIComponent(before)}`
    return this.rest.call('GET', `/api/jobs?whose=${whose}${more}`)
  }

  job(jobId: string): Promise<Job> {
    return this.rest.call('GET', pathOf(jobId))
  }

  cancel(jobId: string): Promise<Job> {
    return this.rest.call('POST', `${pathOf(jobId)}/cancel`)
  }
}

function pathOf(jobId: string): string {
  return `/api/jobs/${encodeURIComponent(jobId)}`
}
