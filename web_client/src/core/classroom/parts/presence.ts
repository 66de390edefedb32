/** Presence: who is listed in the room, who is online, with which devices and what link. */
import type { Devices, Participant } from '../../base/wire'
import type { CommandBody, Part } from './part'
import { withItem } from './part'

export const LEAD = 'lead'

export interface PresencePiece {
  readonly participants: readonly Participant[]
}

export const presence: Part<PresencePiece> = {
  fromSnapshot: (message) => ({ participants: message.participants }),
  reduce(piece, message) {
    if (message.type !== 'participant_changed') return null
    const { participant_id } = message.participant
    const same = (one: Participant) => one.participant_id === participant_id
    return { participants: withItem(piece.participants, message.participant, same) }
  },
}

export function setDevices(devices: Devices): CommandBody {
  return { type: 'set_devices', devices }
}

export function roomParticipantId(roomId: string): string {
  return `room-${roomId}`
}

export function participant(piece: PresencePiece, participantId: string): Participant | null {
  return piece.participants.find((one) => one.participant_id === participantId) ?? null
}
