/** 上讲台: which rooms the lead teacher has called onto the stage. */
import type { CommandBody, Part } from './part'

export interface StagePiece {
  readonly onStage: readonly string[]
}

export const stage: Part<StagePiece> = {
  fromSnapshot: (message) => ({ onStage: message.on_stage }),
  reduce: (_, message) => (message.type === 'stage_changed' ? { onStage: message.on_stage } : null),
}

export function inviteToStage(participantId: string): CommandBody {
  return { type: 'stage_invite', participant_id: participantId }
}

export function removeFromStage(participantId: string): CommandBody {
  return { type: 'stage_remove', participant_id: participantId }
}

export function isOnStage(piece: StagePiece, participantId: string): boolean {
  return piece.onStage.includes(participantId)
}
