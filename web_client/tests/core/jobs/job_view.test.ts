import { expect, it } from 'vitest'
import { failureOf, isOver, percentDone } from '../../../src/core/jobs/job_view'
import { aJob } from '../../support/jobs'

it('knows which jobs are over', () => {
  expect((['queued', 'running', 'done', 'failed', 'cancelled'] as const).map((state) => isOver(aJob(state)))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ])
})

it('shows no percents before anybody knows how much there is, and 100 only with the result', () => {
  const at = (progress_done: number, progress_total: number) =>
    percentDone(aJob('running', { progress_done, progress_total }))
  expect(percentDone(aJob('queued', { progress_done: 3, progress_total: 7 }))).toBeNull()
  expect(at(0, 0)).toBeNull()
  expect(at(1, 3)).toBe(33)
  expect(at(7, 7)).toBe(99)
  expect(at(9, 7)).toBe(99)
  expect(percentDone(aJob('done'))).toBe(100)
})

it('makes a failure of the code, its field and its facts', () => {
  const failed = aJob('failed', { problem: { code: 'clash', field: 'room', facts: { who: '王老师' } } })
  expect(failureOf(failed)).toMatchObject({ code: 'clash', field: 'room', facts: { who: '王老师' }, unreachable: false })
  expect(failureOf(aJob('cancelled'))).toBeNull()
})
