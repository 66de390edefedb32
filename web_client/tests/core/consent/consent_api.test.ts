import { expect, it } from 'vitest'
import { ConsentApi, pageUrl } from '../../../src/core/consent/consent_api'
import { bodyOf, newDraft } from '../../../src/core/consent/consent_form'
import type { ConsentLine, ConsentTerm } from '../../../src/core/base/wire'

it('asks for what the server has', async () => {
  const calls: unknown[][] = []
  const api = new ConsentApi({ call: (...args: unknown[]) => (calls.push(args), Promise.resolve({} as never)) })
  const term: ConsentTerm = { term_id: 't', name: '', first: '2026-08-31', last: '2027-01-17' }
  const body = bodyOf(newDraft({ pupils: null } as ConsentLine, term, '2026-11-23'))
  await api.list({ term: 't', state: '', q: '山 泉' }, null)
  await api.list({ term: 't', state: 'none' }, 'c1')
  await api.ofClass('a/b', 't')
  await api.record({ ...body, class_id: 'c', term_id: 't' })
  await api.change('x', { ...body, version: 2 })
  await api.effect('x')
  await api.withdraw('x', { version: 2, on: '2026-11-23', reason: 'guardian', note: null })
  await api.exportBook({ term_id: 't', language: 'zh' })
  expect(calls.map(([method, path]) => `${String(method)} ${String(path)}`)).toEqual([
    `GET /api/consents?term=t&q=${encodeURIComponent('山 泉')}`,
    'GET /api/consents?term=t&state=none&after=c1',
    'GET /api/consents/classes/a%2Fb?term=t',
    'POST /api/consents',
    'PUT /api/consents/x',
    'GET /api/consents/x/effect',
    'POST /api/consents/x/withdraw',
    'POST /api/consents/exports',
  ])
  expect(pageUrl('/tongke', 'x', 'f')).toBe('/tongke/api/consents/x/files/f')
})
