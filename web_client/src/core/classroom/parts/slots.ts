/** The slots of this viewer; told to this page only, so a snapshot knows nothing of them. */
import type { SlotNow } from '../../base/wire'
import type { Part } from './part'

export interface SlotsPiece {
  readonly slots: readonly SlotNow[]
}

export const slots: Part<SlotsPiece> = {
  fromSnapshot: () => ({ slots: [] }),
  reduce: (_, message) => (message.type === 'slots' ? { slots: message.slots } : null),
}

/** What the server says flows in a video slot now. */
export function videoSlot(piece: SlotsPiece, slot: number): SlotNow | null {
  return piece.slots.find((one) => one.kind === 'video' && one.slot === slot) ?? null
}
