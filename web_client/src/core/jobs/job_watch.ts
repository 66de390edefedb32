/** Follows one job until it ends. */
import type { Clock } from '../base/clock'
import { Poll } from '../base/poll'
import { ApiError } from '../base/rest'
import type { Job } from '../base/wire'
import { isOver } from './job_view'
import type { JobsApi } from './jobs_api'

export const SOON_MS = 500 // short work is over within the first looks …
export const SOON_LOOKS = 10
export const LATER_MS = 2000 // … long work need not be asked so often
export const UNREACHABLE_MS = 3000

export interface JobListener {
  /** The job as it is now; the last call tells how it ended. */
  changed(job: Job): void
  /** A look failed; null: the next one did not. Only an `ApiError` that is unreachable is followed by a look. */
  trouble(failure: unknown): void
}

export class JobWatch {
  private readonly poll: Poll
  private looks = 0
  private troubled = false

  constructor(
    clock: Clock,
    private readonly api: Pick<JobsApi, 'job' | 'cancel'>,
    private readonly jobId: string,
    private readonly listener: JobListener,
  ) {
    this.poll = new Poll(clock, () => this.look())
  }

  start(): void {
    void this.poll.now()
  }

  stop(): void {
    this.poll.stop()
  }

  /** Cancels the job; tells what became of it. A job that ended meanwhile is told as it is. Rejects. */
  async cancel(): Promise<void> {
    try {
      this.listener.changed(await this.api.cancel(this.jobId))
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.code !== 'job_over') throw failure
    }
    await this.poll.now()
  }

  private async look(): Promise<number | null> {
    this.looks += 1
    try {
      const job = await this.api.job(this.jobId)
      if (this.troubled) this.listener.trouble(null)
      this.troubled = false
      this.listener.changed(job)
      if (isOver(job)) return null
      return this.looks <= SOON_LOOKS ? SOON_MS : LATER_MS
    } catch (failure) {
      this.troubled = true
      this.listener.trouble(failure)
      return failure instanceof ApiError && failure.unreachable ? UNREACHABLE_MS : null
    }
  }
}
