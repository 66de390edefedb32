import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import type { RoomEntry } from '../../../src/core/base/wire'
import type { Asked } from '../../../src/core/directory/directory_api'
import { readQuery, type ListQuery } from '../../../src/core/directory/list_query'

const { list: answer } = vi.hoisted(() => ({ list: vi.fn() }))
vi.mock('../../../src/browser/directory/api', () => ({ directoryApi: { list: answer } }))
const { useEntryList } = await import('../../../src/browser/directory/entry_list')

const room = (room_id: string, name = room_id): RoomEntry => ({
  room_id,
  name,
  seats: null,
  school_id: 's',
  school: '校',
  school_active: true,
  active: true,
  version: 1,
})
const scope = effectScope()
let asked: Asked[] = []
let written: ListQuery[] = []

function opened() {
  const list = scope.run(() =>
    useEntryList('rooms', (one) => one.room_id, readQuery({}, ['school_id']), (query) => written.push(query)),
  )
  if (list === undefined) throw new Error('the scope is over')
  return list
}
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('window', globalThis)
  asked = []
  written = []
  answer.mockImplementation((_noun: string, wish: Asked) => {
    asked.push(wish)
    const last = wish.after === 'r2'
    return Promise.resolve({ entries: last ? [room('r3')] : [room('r1'), room('r2')], total: 3, next: last ? null : 'r2' })
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('leafs forward and back by the places that were passed', async () => {
  const list = opened()
  await list.begin()
  expect([list.range.value, list.mayBack.value, list.mayForward.value]).toEqual([{ from: 1, to: 2 }, false, true])
  await list.forward()
  expect(list.entries.value.map((one) => one.room_id)).toEqual(['r3'])
  expect(list.range.value).toEqual({ from: 51, to: 51 })
  await list.forward() // there is nothing more
  await list.back()
  expect(asked.map((one) => one.after)).toEqual([null, 'r2', null])
})

it('waits until the typing rests, and asks once', async () => {
  const list = opened()
  for (const q of ['山', '山泉', '山泉 ']) list.search(q)
  expect(asked).toEqual([])
  await vi.runAllTimersAsync()
  expect(asked.map((one) => one.q)).toEqual(['山泉'])
})

it('an address that comes late takes nothing back that was typed meanwhile', async () => {
  const list = opened()
  list.search('山', true)
  list.search('山泉')
  list.adopt({ q: '山' }, ['school_id'])
  expect(list.query.value.q).toBe('山泉')
  await vi.runAllTimersAsync()
  expect(written.map((one) => one.q)).toEqual(['山', '山泉'])
  list.adopt({ school_id: 's9' }, ['school_id'])
  expect(list.query.value).toEqual({ q: '', active: 'true', filters: { school_id: 's9' } })
})

it('an answer to an earlier question is not shown', async () => {
  const list = opened()
  let late: (page: object) => void = () => {}
  answer.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)))
  const first = list.begin()
  await list.ofState('false')
  await vi.runAllTimersAsync()
  late({ entries: [room('old')], total: 1, next: null })
  await first
  expect(list.entries.value.map((one) => one.room_id)).toEqual(['r1', 'r2'])
})

it('puts a changed entry in its place and a new one first', async () => {
  const list = opened()
  await list.begin()
  list.put(room('r2', '改名'))
  list.put(room('r9'))
  expect(list.entries.value.map((one) => one.name)).toEqual(['r9', 'r1', '改名'])
  expect(list.total.value).toBe(4)
})

it('an answer from before a change does not undo it', async () => {
  const list = opened()
  await list.begin()
  let late: (page: object) => void = () => {}
  answer.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)))
  const reading = list.reload()
  answer.mockImplementationOnce(() => Promise.resolve({ entries: [room('r1'), room('r2', '改名')], total: 2, next: null }))
  list.put(room('r2', '改名'))
  late({ entries: [room('r1'), room('r2')], total: 2, next: null })
  await reading
  await vi.runAllTimersAsync()
  expect(list.entries.value.map((one) => one.name)).toEqual(['r1', '改名'])
})
