/** 全体静音: while it is set, only the lead teacher is heard. */
import type { CommandBody, Part } from './part'

export interface MutePiece {
  readonly mutedAll: boolean
}

export const mute: Part<MutePiece> = {
  fromSnapshot: (message) => ({ mutedAll: message.muted_all }),
  reduce: (_, message) =>
    message.type === 'mute_changed' ? { mutedAll: message.muted_all } : null,
}

export function muteAll(muted: boolean): CommandBody {
  return { type: 'mute_all', muted }
}
