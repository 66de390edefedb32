/** The teaching points of a lesson: those invited, and whoever of them is here. */
import type { RoomState } from './room_state'
import { roomParticipantId } from './parts/presence'
import type { Lesson, Participant } from '../base/wire'

export interface Point {
  readonly participantId: string
  readonly name: string
  readonly school: string
  /** Null until its page has been here. */
  readonly present: Participant | null
}

export function isOnline(point: Point): boolean {
  return point.present?.online === true
}

/** Says whether the room's page was here since the lesson began. */
export function hasAttended(point: Point): boolean {
  return point.present?.attended === true
}

/** Lists the rooms in the order of the invitation. Rooms without an invitation stand at the end. */
export function lessonPoints(lesson: Lesson | null, state: RoomState | null): Point[] {
  const rooms = (state?.participants ?? []).filter((one) => one.role === 'receive_room')
  const invited = (lesson?.receive_rooms ?? []).map((room) => {
    const participantId = roomParticipantId(room.room_id)
    const present = rooms.find((one) => one.participant_id === participantId) ?? null
    return { participantId, name: room.name, school: room.school, present }
  })
  const others = rooms
    .filter((one) => !invited.some((point) => point.participantId === one.participant_id))
    .map((one) => ({
      participantId: one.participant_id,
      name: one.name,
      school: one.school ?? '',
      present: one,
    }))
  return [...invited, ...others]
}
