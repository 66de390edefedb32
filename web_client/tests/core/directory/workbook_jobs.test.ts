import { expect, it } from 'vitest'
import type { DirectoryImported, Job } from '../../../src/core/base/wire'
import { exportedBy, importedBy, standOf } from '../../../src/core/directory/workbook_jobs'

const outcome: DirectoryImported = {
  noun: 'rooms',
  applied: false,
  rows: 3,
  added: 1,
  changed: 0,
  unchanged: 2,
  issues: [],
  issues_total: 0,
  refused: null,
  refused_facts: {},
}
const job = (state: Job['state'], result: unknown) => ({ state, result }) as Job

it('an import stands as its outcome says', () => {
  expect(standOf(outcome)).toBe('ready')
  expect(standOf({ ...outcome, applied: true })).toBe('applied')
  expect(standOf({ ...outcome, added: 0 })).toBe('nothing')
  expect(standOf({ ...outcome, issues_total: 1 })).toBe('issues')
  expect(standOf({ ...outcome, refused: 'workbook_html', issues_total: 1 })).toBe('refused')
})

it('a job that failed or was cancelled leaves nothing', () => {
  expect(importedBy(job('done', outcome))).toBe(outcome)
  expect(importedBy(job('failed', null))).toBe(null)
  expect(exportedBy(job('done', { file_id: 'f1', name: 'x.xlsx', rows: 2 }))?.file_id).toBe('f1')
  expect(exportedBy(job('cancelled', null))).toBe(null)
})
