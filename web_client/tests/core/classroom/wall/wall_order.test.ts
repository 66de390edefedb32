import { describe, expect, it } from 'vitest'
import type { Point } from '../../../../src/core/classroom/points'
import { reduce, type RoomState } from '../../../../src/core/classroom/room_state'
import { byNeed, byReadiness, named, needs } from '../../../../src/core/classroom/wall/wall_order'
import type { DeviceState, LinkState, Participant } from '../../../../src/core/base/wire'
import { snapshot } from '../../../support/fakes'

function point(id: string, has: { online?: boolean; attended?: boolean; link?: LinkState; microphone?: DeviceState } = {}): Point {
  const { online = true, attended = true, link = 'good', microphone = 'ok' } = has
  const present = {
    participant_id: `room-${id}`,
    online,
    attended,
    devices: { camera: 'ok', microphone, loudspeaker: 'ok' },
    link: { state: link },
  } as Participant
  return { participantId: `room-${id}`, name: `${id} 班`, school: '石桥教学点', present }
}

const room = (changes: Parameters<typeof snapshot>[0] = {}) => reduce(null, snapshot(changes)) as RoomState
const ids = (points: readonly Point[]) => points.map((one) => one.participantId.slice(5)).join(' ')

describe('the order of rooms', () => {
  const points = [
    point('fine'),
    point('never', { online: false, attended: false }),
    point('left', { online: false }),
    point('mute', { microphone: 'denied' }),
    point('weak', { link: 'poor' }),
    point('second'),
    point('first'),
    point('stage'),
    { ...point('gone'), present: null },
  ]
  const hand = (id: string) => ({ participant_id: `room-${id}`, raised_at: '2026-11-22T00:00:00Z' })
  const state = room({ hands: [hand('first'), hand('second')], on_stage: ['room-stage'] })

  it('brings to the front who needs the teacher: stage, hands as raised, faults, those who fell out', () => {
    expect(ids(byNeed(points, state))).toBe('stage first second mute weak left fine never gone')
    expect(needs(points, state)).toEqual({ stage: 1, hand: 2, trouble: 2, lost: 1, none: 1, absent: 2 })
  })

  it('keeps the order of the invitation where nobody needs anything', () => {
    const calm = [point('b'), point('a'), point('c')]
    expect(ids(byNeed(calm, room()))).toBe('b a c')
  })

  it('shows before the lesson who has a fault and who is missing', () => {
    expect(ids(byReadiness(points))).toBe('mute weak never left gone fine second first stage')
  })

  it('finds a room by a part of its name', () => {
    expect(ids(named(points, '石桥 教学点FIRST'))).toBe('first')
    expect(ids(named(points, ''))).toBe(ids(points))
    expect(named(points, '云岭')).toEqual([])
  })
})
