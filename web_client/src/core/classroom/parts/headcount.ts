/** 到课人数: how many pupils are in each receive room, with the trace of corrections. */
import type { Headcount } from '../../base/wire'
import type { CommandBody, Part } from './part'
import { withItem } from './part'

export interface HeadcountPiece {
  readonly headcounts: readonly Headcount[]
  /** Pupils of the classes in the rooms, by participant, where known. */
  readonly classSizes: Readonly<Record<string, number>>
}

export const headcount: Part<HeadcountPiece> = {
  fromSnapshot: (message) => ({ headcounts: message.headcounts, classSizes: message.class_sizes }),
  reduce: (piece, message) =>
    message.type === 'headcount_changed'
      ? {
          headcounts: withItem(
            piece.headcounts,
            message.headcount,
            (one) => one.participant_id === message.headcount.participant_id,
          ),
        }
      : null,
}

/** 到课人数 of one's own room, or of another by the lead teacher or the county operator. */
export function setHeadcount(pupils: number, participantId?: string): CommandBody {
  return {
    type: 'set_headcount',
    pupils,
    ...(participantId !== undefined && { participant_id: participantId }),
  }
}

/** A room's headcount, or null where nobody entered one. */
export function headcountOf(piece: HeadcountPiece, participantId: string): Headcount | null {
  return piece.headcounts.find((one) => one.participant_id === participantId) ?? null
}

/** Pupils of all rooms that were counted, or null where none was. */
export function pupilsTogether(piece: HeadcountPiece): number | null {
  if (piece.headcounts.length === 0) return null
  return piece.headcounts.reduce((sum, one) => sum + one.pupils, 0)
}
