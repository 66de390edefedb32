/** 举手: the queue of raised hands. */
import type { HandRaise } from '../../base/wire'
import type { CommandBody, Part } from './part'

export interface HandsPiece {
  readonly hands: readonly HandRaise[]
}

export const hands: Part<HandsPiece> = {
  fromSnapshot: (message) => ({ hands: message.hands }),
  reduce: (_, message) => (message.type === 'hands_changed' ? { hands: message.hands } : null),
}

export function raiseHand(): CommandBody {
  return { type: 'raise_hand' }
}

/** 取消举手: one's own, or another's by the lead teacher. */
export function lowerHand(participantId?: string): CommandBody {
  return { type: 'lower_hand', ...(participantId !== undefined && { participant_id: participantId }) }
}

/** Place in the queue of hands from 1, or 0 where the hand is down. */
export function handPlace(piece: HandsPiece, participantId: string): number {
  return piece.hands.findIndex((hand) => hand.participant_id === participantId) + 1
}
