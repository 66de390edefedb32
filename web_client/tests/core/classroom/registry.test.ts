/** All parts, present and future, over rooms that the server lived through and wrote down. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Event, Snapshot } from '../../../src/core/base/wire'
import { PARTS } from '../../../src/core/classroom/registry'
import type { RoomState } from '../../../src/core/classroom/room_state'
import { reduce } from '../../../src/core/classroom/room_state'

interface Life {
  readonly before: Snapshot
  readonly events: readonly Event[]
  readonly after: Snapshot
}

// Written by `python -m tests.unit.signaling.classroom.sequences`; a Python test keeps it current.
const file = new URL('./recorded_rooms.json', import.meta.url)
const lives = JSON.parse(readFileSync(file, 'utf8')) as readonly Life[]

function follow(state: RoomState | null, events: readonly Event[]): RoomState | null {
  return events.reduce<RoomState | null>((now, event) => reduce(now, event), state)
}

describe('the parts of a room', () => {
  it.each(lives)('come to the later snapshot by its events', ({ before, events, after }) => {
    expect(follow(reduce(null, before), events)).toEqual(reduce(null, after))
  })

  it.each(lives)('come to it from a resume at every event', ({ before, events, after }) => {
    const later = reduce(null, after)
    for (let seen = 0; seen <= events.length; seen++) {
      const left = follow(reduce(null, before), events.slice(0, seen))
      // What was seen may come again: the link broke before the page noted it.
      expect(follow(left, events.slice(Math.max(0, seen - 3)))).toEqual(later)
    }
  })

  it.each(lives)('take every event, and every field of a snapshot', ({ before, events }) => {
    const state = reduce(null, before)
    if (state === null) throw new Error('a snapshot makes a state')
    const unknown = events.filter((event) => PARTS.every((part) => part.reduce(state, event) === null))
    expect(unknown).toEqual([])
    const read = new Set<string>()
    const watched = new Proxy(before, {
      get(target, name: keyof Snapshot) {
        read.add(name)
        return target[name]
      },
    })
    reduce(null, watched)
    expect([...read].sort()).toEqual(Object.keys(before).sort())
  })
})
