import { describe, expect, it } from 'vitest'
import { handPlace } from '../../../src/core/classroom/parts/hands'
import { sourceOf } from '../../../src/core/classroom/parts/published'
import { videoSlot } from '../../../src/core/classroom/parts/slots'
import { isOnStage } from '../../../src/core/classroom/parts/stage'
import { reduce } from '../../../src/core/classroom/room_state'
import type { RoomState } from '../../../src/core/classroom/room_state'
import type { Participant } from '../../../src/core/base/wire'
import { snapshot, source } from '../../support/fakes'


function room(changes = {}): RoomState {
  const state = reduce(null, snapshot(changes))
  if (state === null) throw new Error('a snapshot makes a state')
  return state
}

function person(id: string, online = true): Participant {
  return {
    participant_id: id,
    role: 'receive_room',
    name: id,
    school: null,
    online,
    attended: online,
    devices: { camera: 'ok', microphone: 'ok', loudspeaker: 'unknown' },
    link: {
      state: 'good',
      rtt_ms: null,
      loss: null,
      seeing: null,
      limit: 'none',
      carries_bps: null,
      uplink: null,
      stills: false, codec_missing: false,
      excess: 'none',
    },
  }
}

describe('the room state', () => {
  it('starts with a snapshot and keeps the time that it told', () => {
    expect(reduce(null, { type: 'pong', sent_at: 1 })).toBeNull()
    expect(room().serverTime).toBe('2026-11-22T00:00:10Z')
  })

  it('applies each event to its own piece and keeps the number', () => {
    let state = room()
    const hands = [{ participant_id: 'room-a', raised_at: '2026-11-22T00:00:00Z' }]
    state = reduce(state, { type: 'hands_changed', seq: 11, hands }) ?? state
    state = reduce(state, { type: 'stage_changed', seq: 12, on_stage: ['room-b'] }) ?? state
    state = reduce(state, { type: 'mute_changed', seq: 13, muted_all: true }) ?? state
    state = reduce(state, { type: 'recording_changed', seq: 14, recording: 'failed' }) ?? state
    expect(state.seq).toBe(14)
    expect(handPlace(state, 'room-a')).toBe(1)
    expect(handPlace(state, 'room-b')).toBe(0)
    expect(isOnStage(state, 'room-b')).toBe(true)
    expect(state.mutedAll).toBe(true)
    expect(state.recording).toBe('failed')
  })

  it('ignores an event that it has seen', () => {
    const state = room({ muted_all: true })
    expect(reduce(state, { type: 'mute_changed', seq: 10, muted_all: false })).toBe(state)
  })

  it('replaces a participant in place, so that a wall keeps its order', () => {
    let state = room({ participants: [person('room-a'), person('room-b')] })
    const event = { type: 'participant_changed', seq: 11, participant: person('room-a', false) } as const
    state = reduce(state, event) ?? state
    expect(state.participants.map((one) => [one.participant_id, one.online])).toEqual([
      ['room-a', false],
      ['room-b', true],
    ])
  })

  it('adds and removes sources', () => {
    let state = room()
    state = reduce(state, { type: 'source_changed', seq: 11, source: source('lead', 'camera') }) ?? state
    expect(sourceOf(state, 'lead', 'camera')?.source_id).toBe('lead.camera')
    state = reduce(state, { type: 'source_removed', seq: 12, source_id: 'lead.camera' }) ?? state
    expect(sourceOf(state, 'lead', 'camera')).toBeNull()
  })

  it('takes the slots without a number, and a new snapshot empties them', () => {
    const slots = [
      { slot: 0, kind: 'video', source_id: 'lead.camera', layer: 'm', ideal: 'm', thinned: false, codec_missing: false, hold: null },
    ]
    const state = reduce(room(), { type: 'slots', slots })
    expect(state && videoSlot(state, 0)?.layer).toBe('m')
    expect(reduce(state, snapshot({ instance: 'two' }))?.slots).toEqual([])
  })
})
