import { expect, it } from 'vitest'
import { PublicationsApi, withdrawalOf } from '../../../src/core/library/publications_api'

it('asks for nothing that was not chosen', async () => {
  const asked: string[] = []
  const api = new PublicationsApi({
    call: (_method: string, path: string) => {
      asked.push(path)
      return Promise.resolve({} as never)
    },
  })
  await api.list({ state: 'served', q: '', scope: '', school: '' }, null)
  await api.list({ state: 'withdrawn', q: '浮 力', scope: 'county', school: 's1' }, 'c')
  expect(asked[0]).toBe('/api/publications?state=served')
  expect(Object.fromEntries(new URL(asked[1] ?? '', 'https://x').searchParams)).toEqual({ state: 'withdrawn', q: '浮 力', scope: 'county', school: 's1', before: 'c' })
})

it('withdraws many for one reason, with its words', () => {
  expect(withdrawalOf([{ resource_id: 'a' }, { resource_id: 'b' }], { reason: 'other', note: '图' })).toEqual({
    verdict: 'withdraw',
    items: [
      { resource_id: 'a', revision: 0 },
      { resource_id: 'b', revision: 0 },
    ],
    withdraw_reason: 'other',
    reason: '图',
  })
})
