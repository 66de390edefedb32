import { expect, it } from 'vitest'
import { AuditApi } from '../../../src/core/audit/audit_api'

it('has the lines of a search exported by a job', async () => {
  const asked: unknown[] = []
  const api = new AuditApi({
    call: async (...request: unknown[]) => {
      asked.push(request)
      return { job_id: 'j' } as never
    },
  })
  await api.exported({ from: '2026-11-01', to: '2026-11-29', actor: '王', action: 'login', target: '' }, 'zh')
  const body = { first: '2026-11-01', last: '2026-11-29', language: 'zh', actor: '王', action: 'login', target: '' }
  expect(asked).toEqual([['POST', '/api/audit/exports', body]])
})
