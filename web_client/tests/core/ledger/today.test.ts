import { describe, expect, it } from 'vitest'
import type { TodayBoard, TodayLesson, TodayRoom, TodayState } from '../../../src/core/base/wire'
import { BoardReader, fits, grouped, groupOf, pupilsOf, roomsByNeed, troublesOf } from '../../../src/core/ledger/today'

const room = (room_id: string, more: Partial<TodayRoom> = {}): TodayRoom => ({
  room_id,
  name: '教室',
  school: room_id,
  online: true,
  link: 'good',
  headcount: null,
  watched_minutes: null,
  ...more,
})

function lesson(lesson_id: string, state: TodayState, more: Partial<TodayLesson> = {}): TodayLesson {
  return {
    lesson_id,
    title: lesson_id,
    subject: '音乐',
    grade: '一年级',
    state,
    starts_at: '2026-09-16T01:00:00Z',
    ends_at: '2026-09-16T01:40:00Z',
    held_from: null,
    lead_teacher: '王老师',
    lead_online: true,
    delivery_mode: 'lead_with_pupils',
    rooms: [room('a'), room('b')],
    may_notify: true,
    may_cancel: true,
    may_substitute: true,
    ...more,
  }
}

function page(lessons: readonly TodayLesson[], next: string | null = null, day = '2026-09-16'): TodayBoard {
  const counts = { due: 0, live: 0, late: 0, not_started: 0, ended: 0, cancelled: 0, rooms_offline: 0 }
  return { day, now: '2026-09-16T01:10:00Z', counts, lessons, next }
}

const GONE = [room('a'), room('b', { online: false, link: 'offline' })]

describe('what a lesson needs', () => {
  it('is nothing while everybody is there, and nothing before its time', () => {
    expect(troublesOf(lesson('x', 'live'))).toEqual([])
    expect(troublesOf(lesson('x', 'due', { rooms: GONE, lead_online: false }))).toEqual([])
  })

  it('is told the worst first', () => {
    const rooms = [...GONE, room('c', { link: 'poor' })]
    expect(troublesOf(lesson('x', 'live', { rooms, lead_online: false }))).toEqual([
      { kind: 'lead_offline' },
      { kind: 'rooms_offline', n: 1 },
      { kind: 'rooms_poor', n: 1 },
    ])
  })

  it('decides the group: a poor link alone calls nobody, and neither does a room of which nothing is known', () => {
    expect(groupOf(lesson('x', 'live', { rooms: GONE }))).toBe('attention')
    expect(groupOf(lesson('x', 'live', { lead_online: false }))).toBe('attention')
    expect(groupOf(lesson('x', 'late'))).toBe('attention')
    expect(groupOf(lesson('x', 'live', { rooms: [room('a', { link: 'poor' })] }))).toBe('live')
    expect(groupOf(lesson('x', 'live', { rooms: [room('a', { online: null, link: null })], lead_online: null }))).toBe('live')
    expect(groupOf(lesson('x', 'not_started'))).toBe('missed')
    expect(groupOf(lesson('x', 'cancelled'))).toBe('over')
  })

  it('puts the rooms that are missing first, then the poor ones', () => {
    const rooms = [room('a'), room('b', { link: 'poor' }), room('c', { online: false, link: null })]
    expect(roomsByNeed(lesson('x', 'live', { rooms })).map((one) => one.room_id)).toEqual(['c', 'b', 'a'])
    expect(roomsByNeed(lesson('x', 'due', { rooms })).map((one) => one.room_id)).toEqual(['a', 'b', 'c'])
  })

  it('sums up the rooms that were counted', () => {
    expect(pupilsOf(lesson('x', 'live'))).toBeNull()
    expect(pupilsOf(lesson('x', 'live', { rooms: [room('a', { headcount: 0 }), room('b')] }))).toBe(0)
    expect(pupilsOf(lesson('x', 'live', { rooms: [room('a', { headcount: 12 }), room('b', { headcount: 9 })] }))).toBe(21)
  })
})

describe('the board', () => {
  it('stands in groups, late lessons first, each by time', () => {
    const early = { starts_at: '2026-09-16T00:20:00Z' }
    const all = [
      lesson('due', 'due'),
      lesson('gone', 'live', { rooms: GONE, ...early }),
      lesson('late', 'late'),
      lesson('later', 'live'),
      lesson('sooner', 'live', early),
    ]
    expect(grouped(all, null).map(({ group, lessons }) => [group, lessons.map((one) => one.lesson_id)])).toEqual([
      ['attention', ['late', 'gone']],
      ['live', ['sooner', 'later']],
      ['due', ['due']],
    ])
    expect(grouped(all, 'offline').map(({ lessons }) => lessons.map((one) => one.lesson_id))).toEqual([['gone']])
    expect(grouped(all, 'ended')).toEqual([])
  })

  it('finds the rooms that are offline in live lessons only', () => {
    expect(fits(lesson('x', 'due', { rooms: GONE }), 'offline')).toBe(false)
  })
})

describe('reading the board', () => {
  it('reads the first page each time and the others every fourth', async () => {
    const asked: (string | null)[] = []
    let state: TodayState = 'live'
    const reader = new BoardReader((after) => {
      asked.push(after)
      return Promise.resolve(after === null ? page([lesson('a', state), lesson('b', 'due')], 'b') : page([lesson('c', state), lesson('a', 'due')]))
    })
    const states = async () => Object.fromEntries((await reader.read()).lessons.map((one) => [one.lesson_id, one.state]))
    expect(await states()).toEqual({ a: 'live', b: 'due', c: 'live' })
    state = 'ended'
    expect(await states()).toEqual({ a: 'ended', b: 'due', c: 'live' })
    await states()
    await states()
    expect(asked).toEqual([null, 'b', null, null, null])
    expect(await states()).toEqual({ a: 'ended', b: 'due', c: 'ended' })
    expect(asked).toEqual([null, 'b', null, null, null, null, 'b'])
  })

  it('keeps a lesson that left the first page, until the next whole reading', async () => {
    let first = [lesson('a', 'live'), lesson('b', 'live')]
    const reader = new BoardReader((after) => Promise.resolve(after === null ? page(first, 'b') : page([lesson('c', 'due')])))
    await reader.read()
    first = [lesson('b', 'live')]
    expect((await reader.read()).lessons.map((one) => one.lesson_id).sort()).toEqual(['a', 'b', 'c'])
    expect((await reader.read(true)).lessons.map((one) => one.lesson_id).sort()).toEqual(['b', 'c'])
  })

  it('begins anew on the next day, and after a failure stands where it was', async () => {
    let now = page([lesson('a', 'live')], 'a')
    let fails = false
    const reader = new BoardReader((after) => {
      if (fails) return Promise.reject(new Error('away'))
      return Promise.resolve(after === null ? now : page([lesson('z', 'due')], null, now.day))
    })
    await reader.read()
    fails = true
    await expect(reader.read()).rejects.toThrow('away')
    fails = false
    now = page([lesson('n', 'due')], null, '2026-09-17')
    expect((await reader.read()).lessons.map((one) => one.lesson_id)).toEqual(['n'])
  })

  it('stops after so many pages and says so', async () => {
    let n = 0
    const reader = new BoardReader(() => {
      n += 1
      return Promise.resolve(page([lesson(`l${n}`, 'due')], `l${n}`))
    })
    const board = await reader.read()
    expect([n, board.lessons.length, board.cut]).toEqual([10, 10, true])
  })
})
