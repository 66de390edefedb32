/** The order of rooms on a wall: as invited, or first those that need attention. */
import { isFailing } from '../../media/devices/device_check'
import { hasAttended, isOnline, type Point } from '../points'
import type { RoomState } from '../room_state'
import { handPlace } from '../parts/hands'
import { isOnStage } from '../parts/stage'
import type { Participant } from '../../base/wire'

/** The reason for a room's place, most urgent first. */
export type Need = 'stage' | 'hand' | 'trouble' | 'lost' | 'none' | 'absent'
const ORDER: readonly Need[] = ['stage', 'hand', 'trouble', 'lost', 'none', 'absent']

export function needOf(point: Point, room: RoomState): Need {
  if (isOnStage(room, point.participantId)) return 'stage'
  if (handPlace(room, point.participantId) > 0) return 'hand'
  if (isOnline(point)) return isTroubled(point.present) ? 'trouble' : 'none'
  return hasAttended(point) ? 'lost' : 'absent'
}

/** A device is missing, or its link carries no picture worth the name. */
export function isTroubled(present: Participant | null): boolean {
  if (present === null) return false
  const { camera, microphone } = present.devices
  const gone = [camera, microphone].some(isFailing)
  return gone || present.link.state === 'poor' || present.link.state === 'offline'
}

/** The most urgent first, hands in the order raised; equals stay in the order of the invitation. */
export function byNeed(points: readonly Point[], room: RoomState): Point[] {
  const rank = (point: Point) => ORDER.indexOf(needOf(point, room)) * 1000 + handPlace(room, point.participantId)
  return sorted(points, rank)
}

/** Before the lesson: those with a fault, then those who are not here yet. */
export function byReadiness(points: readonly Point[]): Point[] {
  return sorted(points, (point) => (isOnline(point) ? (isTroubled(point.present) ? 0 : 2) : 1))
}

function sorted(points: readonly Point[], rank: (point: Point) => number): Point[] {
  return points
    .map((point, index) => ({ point, key: rank(point), index }))
    .sort((a, b) => a.key - b.key || a.index - b.index)
    .map(({ point }) => point)
}

/** The number of rooms with each need. */
export function needs(points: readonly Point[], room: RoomState): Readonly<Record<Need, number>> {
  const count: Record<Need, number> = { stage: 0, hand: 0, trouble: 0, lost: 0, none: 0, absent: 0 }
  for (const point of points) count[needOf(point, room)] += 1
  return count
}

/** Rooms whose school or name holds what was typed; spaces and case do not matter. */
export function named(points: readonly Point[], typed: string): Point[] {
  const wanted = plain(typed)
  return points.filter((point) => plain(`${point.school}${point.name}`).includes(wanted))
}

const plain = (text: string) => text.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
