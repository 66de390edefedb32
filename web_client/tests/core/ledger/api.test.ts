import { expect, it } from 'vitest'
import { LedgerApi } from '../../../src/core/ledger/api'

it('asks for a part of the ledger, and leaves out what filters nothing', async () => {
  const asked: string[] = []
  const api = new LedgerApi({
    call: <T>(method: string, path: string, body?: unknown) => {
      asked.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`)
      return Promise.resolve({} as T)
    },
  })
  const part = { from: '2026-09-01', to: '2026-09-30' }
  await api.totals('point', part, null)
  await api.units({ ...part, subject: '音乐' }, 'missed', 'next-1')
  await api.units({ ...part, point: 's-1' }, '', null)
  await api.unit('l/1', 'r-1')
  await api.areas('绿水')
  await api.heat({ ...part, node: 'city' }, 'p-50')
  await api.months('c1')
  await api.report('c1', '2026-09')
  await api.corrections('c1', '2026-09', null)
  await api.freeze('c1', '2026-09', true)
  expect(asked).toEqual([
    'GET /api/ledger/totals?by=point&from=2026-09-01&to=2026-09-30',
    'GET /api/ledger/units?from=2026-09-01&to=2026-09-30&subject=%E9%9F%B3%E4%B9%90&outcome=missed&after=next-1',
    'GET /api/ledger/units?from=2026-09-01&to=2026-09-30&point=s-1',
    'GET /api/ledger/units/l%2F1/r-1',
    'GET /api/ledger/areas?q=%E7%BB%BF%E6%B0%B4',
    'GET /api/ledger/heat?from=2026-09-01&to=2026-09-30&node=city&after=p-50',
    'GET /api/ledger/months?county=c1',
    'GET /api/ledger/months/2026-09?county=c1',
    'GET /api/ledger/months/2026-09/corrections?county=c1',
    'POST /api/ledger/months/2026-09/freeze {"county_id":"c1","unexplained":true}',
  ])
})
