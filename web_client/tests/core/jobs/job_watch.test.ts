import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { Job } from '../../../src/core/base/wire'
import {
  JobWatch,
  LATER_MS,
  SOON_LOOKS,
  SOON_MS,
  UNREACHABLE_MS,
} from '../../../src/core/jobs/job_watch'
import { aJob } from '../../support/jobs'
import { VirtualClock } from '../../support/virtual_clock'

const away = new ApiError(0, 'network', '', null)

describe('a job that is followed', () => {
  let clock: VirtualClock
  let answer: () => Job
  let cancelled: () => Job
  let looks: number
  let states: string[]
  let troubles: unknown[]
  let watch: JobWatch

  beforeEach(() => {
    clock = new VirtualClock()
    looks = 0
    states = []
    troubles = []
    answer = () => aJob('running')
    cancelled = () => aJob('cancelled')
    const api = {
      job: () => {
        looks += 1
        return Promise.resolve().then(() => answer())
      },
      cancel: () => Promise.resolve().then(() => cancelled()),
    }
    watch = new JobWatch(clock, api, 'j1', {
      changed: (job) => states.push(job.state),
      trouble: (failure) => troubles.push(failure),
    })
  })

  it('is looked at until it ends, and no more', async () => {
    answer = () => aJob(looks < 3 ? 'running' : 'done')
    watch.start()
    await clock.advance(60_000)
    expect(states).toEqual(['running', 'running', 'done'])
    expect(clock.waiting).toBe(0)
  })

  it('is looked at less often when it takes long', async () => {
    watch.start()
    await clock.advance(SOON_MS * SOON_LOOKS)
    expect(looks).toBe(SOON_LOOKS + 1)
    await clock.advance(LATER_MS * 5)
    expect(looks).toBe(SOON_LOOKS + 6)
  })

  it('is found again after the server was away', async () => {
    answer = () => {
      if (looks === 2) throw away
      return aJob(looks < 3 ? 'running' : 'done')
    }
    watch.start()
    await clock.advance(SOON_MS)
    expect(troubles).toEqual([away])
    await clock.advance(UNREACHABLE_MS)
    expect(troubles).toEqual([away, null])
    expect(states).toEqual(['running', 'done'])
  })

  it('is given up when the server does not know it', async () => {
    const gone = new ApiError(404, 'job_not_found', '', null)
    answer = () => {
      throw gone
    }
    watch.start()
    await clock.advance(60_000)
    expect([looks, troubles]).toEqual([1, [gone]])
  })

  it('is told as cancelled at once', async () => {
    watch.start()
    await clock.advance(1)
    answer = cancelled
    await watch.cancel()
    expect(states.at(-1)).toBe('cancelled')
    await clock.advance(60_000)
    expect(clock.waiting).toBe(0)
  })

  it('is told as it is when it ended before it could be cancelled', async () => {
    watch.start()
    await clock.advance(1)
    cancelled = () => {
      throw new ApiError(409, 'job_over', '', null)
    }
    answer = () => aJob('done')
    await watch.cancel()
    expect(states).toEqual(['running', 'done'])
  })

  it('says why it could not be cancelled', async () => {
    cancelled = () => {
      throw away
    }
    await expect(watch.cancel()).rejects.toBe(away)
  })

  it('is left alone once the page is gone', async () => {
    watch.start()
    await clock.advance(1)
    watch.stop()
    await clock.advance(60_000)
    expect(looks).toBe(1)
  })
})
