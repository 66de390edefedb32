// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { Job } from '../../../src/core/base/wire'
import { aJob } from '../../support/jobs'
import { MemoryPage } from '../../support/memory_page'

const api = vi.hoisted(() => ({ job: vi.fn(), cancel: vi.fn() }))
vi.mock('../../../src/browser/jobs/api', () => ({ jobsApi: api }))
const { default: JobProgress } = await import('../../../src/components/jobs/JobProgress.vue')

let page: MemoryPage
let ended: Job[]

async function open(job: Job): Promise<void> {
  api.job.mockResolvedValue(job)
  page = new MemoryPage(JobProgress, { jobId: 'j1', onEnded: (one: Job) => ended.push(one) })
  await page.settle()
}

beforeEach(() => {
  ended = []
  vi.resetAllMocks()
})
afterEach(() => page.leave())

it('shows how far a job is, also to those who cannot see the bar', async () => {
  await open(aJob('running', { progress_done: 1, progress_total: 4 }))
  expect(page.words).toContain('处理中')
  expect(page.words).toContain('25%')
  expect(page.role('progressbar')?.props).toMatchObject({ 'aria-valuenow': 25, 'aria-label': '处理进度' })
  expect(ended).toEqual([])
})

it('shows no figure that nobody knows', async () => {
  await open(aJob('queued'))
  expect(page.words).not.toContain('%')
  expect(page.role('progressbar')?.props).not.toHaveProperty('aria-valuenow')
})

it('tells once that a job has ended', async () => {
  const done = aJob('done')
  await open(done)
  expect(ended).toEqual([done])
  expect(page.words).toBe('已完成')
})

it('says why a job failed', async () => {
  await open(aJob('failed', { problem: { code: 'job_too_long', field: null, facts: {} } }))
  expect(page.role('alert')?.words).toContain('处理时间过长')
})

it('cancels a job, once', async () => {
  await open(aJob('running'))
  api.cancel.mockResolvedValue(aJob('cancelled'))
  api.job.mockResolvedValue(aJob('cancelled'))
  await page.fire('job-cancel', 'onClick')
  expect(api.cancel).toHaveBeenCalledExactlyOnceWith('j1')
  expect(page.words).toBe('已取消')
  expect(page.find('job-cancel')).toBeUndefined()
  expect(ended.map((job) => job.state)).toEqual(['cancelled'])
})

it('offers no cancelling of what one may only read', async () => {
  await open(aJob('running', { may: [] }))
  expect(page.find('job-cancel')).toBeUndefined()
})

it('says that the server is away, and that it could not cancel', async () => {
  await open(aJob('running'))
  api.cancel.mockRejectedValue(new ApiError(0, 'network', '', null))
  await page.fire('job-cancel', 'onClick')
  expect(page.role('alert')?.words).toContain('连不上服务器')
})
