import { expect, it } from 'vitest'
import { byLesson, keyOf, monthsBack, needsNote, REASONS, returnedWith } from '../../../src/core/ledger/missed'
import { MissedApi } from '../../../src/core/ledger/missed_api'
import type { MissedUnit, ReasonEntry } from '../../../src/core/base/wire'

const unit = (lesson_id: string, room_id: string, said: Partial<ReasonEntry> | null = null) =>
  ({ unit: { lesson_id, room_id, version: 3 }, said }) as unknown as MissedUnit

it('groups the classes of a lesson, in the order of the list', () => {
  const units = [unit('b', '1'), unit('a', '1'), unit('b', '2')]
  expect(byLesson(units).map((one) => [one.lessonId, one.units.map(keyOf)])).toEqual([
    ['b', ['b 1', 'b 2']],
    ['a', ['a 1']],
  ])
})

it('tells the words of the county once, and only where it gave the reason back', () => {
  const back = { returns: true, note: '写清楚' }
  const units = [unit('a', '1', back), unit('a', '2', back), unit('a', '3', { returns: false, note: '停电' }), unit('a', '4')]
  expect(returnedWith(units)).toEqual(['写清楚'])
})

it('asks for words with 其他 alone, and knows every reason once', () => {
  expect([needsNote('other', ' '), needsNote('other', '停水'), needsNote('power_fault', ''), needsNote('', '')]).toEqual([
    ...[true, false, false, false],
  ])
  const all = [...REASONS.excused, ...REASONS.unexcused]
  expect(new Set(all).size).toBe(8)
})

it('counts months back over the turn of a year', () => {
  expect(monthsBack('2026-02-03', 4)).toEqual(['2026-02', '2026-01', '2025-12', '2025-11'])
})

it('sends what the page saw', async () => {
  const asked: unknown[] = []
  const api = new MissedApi({
    call: <T>(method: string, path: string, body?: unknown) => {
      asked.push([method, path, body])
      return Promise.resolve({} as T)
    },
  })
  const seen = [{ lesson_id: 'l/1', room_id: 'r', version: 3 }]
  await api.list({ cause: 'given', month: '', q: '山泉' }, null)
  await api.explain(unit('l/1', 'r'), { reason: 'power_fault', note: '' })
  await api.confirm([unit('l/1', 'r')])
  await api.giveBack([unit('l/1', 'r')], '写清楚')
  expect(asked).toEqual([
    ['GET', '/api/ledger/missed?cause=given&q=%E5%B1%B1%E6%B3%89', undefined],
    ['POST', '/api/ledger/units/l%2F1/r/reason', { reason: 'power_fault', note: '', version: 3 }],
    ['POST', '/api/ledger/missed/confirm', { units: seen }],
    ['POST', '/api/ledger/missed/return', { units: seen, note: '写清楚' }],
  ])
})
