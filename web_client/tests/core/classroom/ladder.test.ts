import { describe, expect, it } from 'vitest'
import { classroomLadder } from '../../../src/core/classroom/ladder'
import { reduce } from '../../../src/core/classroom/room_state'
import type { RoomState } from '../../../src/core/classroom/room_state'
import type { SlotNow, Still } from '../../../src/core/base/wire'
import { snapshot, source } from '../../support/fakes'

const STILL: Still = {
  type: 'still',
  source_id: 'lead.courseware',
  taken_at: '2026-11-22T00:00:00Z',
  mime: 'image/webp',
  image: 'AAAA',
  part: 0,
  parts: 1,
}

function room(slots: readonly SlotNow[], still = false): RoomState {
  const sources = [source('lead', 'camera'), source('lead', 'courseware')]
  let state = reduce(null, snapshot({ sources }))
  state = reduce(state, { type: 'slots', slots })
  if (still) state = reduce(state, STILL)
  if (state === null) throw new Error('no state')
  return state
}

function slot(number: number, layer: string | null, ideal: string | null, thinned = false): SlotNow {
  return { slot: number, kind: 'video', source_id: null, layer, ideal, thinned, codec_missing: false, hold: null }
}

describe('the ladder of a classroom', () => {
  it.each([
    ['all flows', [slot(0, 'h', 'h'), slot(1, 'h', 'h')], false, 'full'],
    ['all is about to flow', [], false, 'full'],
    ['a smaller teacher', [slot(0, 'l', 'h'), slot(1, 'h', 'h')], false, 'reduced'],
    ['fewer pictures', [slot(0, 'h', 'h', true), slot(1, 'h', 'h')], false, 'reduced'],
    ['courseware without the teacher', [slot(0, null, 'h'), slot(1, 'm', 'h')], false, 'reduced'],
    ['courseware as stills', [slot(0, null, 'h'), slot(1, null, 'h')], true, 'stills'],
    ['courseware held, nothing instead', [slot(0, null, 'h'), slot(1, null, 'h')], false, 'sound'],
    ['a still of before, and video again', [slot(0, 'l', 'h'), slot(1, 'm', 'm')], true, 'reduced'],
  ] as const)('%s', (_, slots, still, rung) => {
    expect(classroomLadder(room([...slots], still)).rung).toBe(rung)
  })

  it('knows a picture that is held back from one that is about to come', () => {
    const ladder = classroomLadder(room([slot(0, null, 'h'), slot(1, null, null)]))
    expect(ladder.lead).toBe('held')
    expect(ladder.courseware).toBe('coming')
    expect(ladder.stage).toBe('absent')
  })

  it.each([
    ['checking', 'coming'],
    ['link', 'held'],
    ['source', 'heavy'],
  ] as const)('says why a picture is left out: %s', (hold, said) => {
    expect(classroomLadder(room([{ ...slot(0, null, 'h'), hold }])).lead).toBe(said)
  })

  it('blames no link for a picture that this browser does not decode', () => {
    const lacking = { ...slot(0, null, 'h'), codec_missing: true }
    expect(classroomLadder(room([lacking, slot(1, 'h', 'h')])).rung).toBe('full')
  })

  it('lets the last frame of courseware stand until its still comes', () => {
    const state = room([slot(0, null, 'h'), slot(1, null, 'h')])
    expect(classroomLadder(state, true).rung).toBe('stills')
  })

  it('forgets the still with its courseware', () => {
    const state = room([slot(0, null, 'h'), slot(1, null, 'h')], true)
    const gone = reduce(state, { type: 'source_removed', seq: 11, source_id: 'lead.courseware' })
    expect(gone?.still).toBeNull()
    if (gone !== null) expect(classroomLadder(gone).rung).toBe('sound')
  })
})
