/** The teaching points of a lesson: those invited, and whoever of them is here. */
import type { RoomState } from './room_state'
import { roomParticipantId } from './room_state'
import type { Lesson, Participant } from './wire'

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

/** Its page was here since the lesson began, now or earlier. */
export function hasAttended(point: Point): boolean {
  return point.present?.attended === true
}

/** In the order of the invitation; rooms that came without one stand at the end. */
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
