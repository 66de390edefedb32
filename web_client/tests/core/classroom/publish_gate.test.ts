import { beforeEach, describe, expect, it } from 'vitest'
import { PUBLISH_WITHIN_MS, PublishGate } from '../../../src/core/classroom/publish_gate'
import { reduce } from '../../../src/core/classroom/room_state'
import type { RoomState } from '../../../src/core/classroom/room_state'
import type { Snapshot } from '../../../src/core/base/wire'
import { snapshot, source } from '../../support/fakes'
import { VirtualClock } from '../../support/virtual_clock'

const state = (parts: Partial<Snapshot> = {}, layer: string | null = null): RoomState => {
  const slot = { slot: 0, kind: 'video', source_id: 'lead.camera', layer, ideal: 'h', thinned: false, codec_missing: false, hold: null }
  const begun = reduce(null, snapshot({ sources: [source('lead', 'camera')], ...parts }))
  const made = reduce(begun, { type: 'slots', slots: [slot] })
  if (made === null) throw new Error('no state')
  return made
}

let clock: VirtualClock
let gate: PublishGate
let passed = 0

beforeEach(() => {
  clock = new VirtualClock()
  passed = 0
  gate = new PublishGate(clock, () => (passed += 1))
})

describe('a classroom publishes', () => {
  it('when the picture that it waits for flows', async () => {
    gate.see(state())
    expect(gate.ask()).toBe(false)
    await clock.advance(1000)
    gate.see(state({}, 'l'))
    expect([passed, gate.ask()]).toEqual([1, true])
    gate.see(state()) // one that goes away again stops nothing
    expect(gate.ask()).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('a few seconds later where no picture comes', async () => {
    gate.see(state())
    gate.ask()
    await clock.advance(PUBLISH_WITHIN_MS - 1)
    expect(passed).toBe(0)
    await clock.advance(1)
    expect([passed, gate.ask()]).toEqual([1, true])
  })

  it.each([
    ['it teaches', { you: 'lead' }],
    ['it is on stage', { on_stage: ['room-a'] }],
    ['there is nothing to be seen', { sources: [source('room-a', 'camera')] }],
  ] as const)('at once where %s', (_, parts) => {
    gate.see(state(parts as Partial<Snapshot>))
    expect(gate.ask()).toBe(true)
  })

  it('at once when it is called on stage while it waits', () => {
    gate.see(state())
    gate.ask()
    gate.see(state({ on_stage: ['room-a'] }))
    expect([passed, gate.ask()]).toEqual([1, true])
  })

  it('not after it was stopped, and waits anew', async () => {
    gate.see(state())
    gate.ask()
    gate.close()
    await clock.advance(PUBLISH_WITHIN_MS * 2)
    expect([passed, clock.waiting]).toEqual([0, 0])
    expect(gate.ask()).toBe(false)
  })
})
