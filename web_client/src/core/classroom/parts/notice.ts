/** 通知: short texts that the lead teacher or the county operator puts on the screens of rooms. */
import type { RoomNotice } from '../../base/wire'
import type { CommandBody, Part } from './part'

export interface NoticePiece {
  readonly notices: readonly RoomNotice[]
}

export const notices: Part<NoticePiece> = {
  fromSnapshot: (message) => ({ notices: message.notices }),
  reduce: (_, message) => (message.type === 'notices_changed' ? { notices: message.notices } : null),
}

/** Shows a text to one receive room, or to all. */
export function sendNotice(text: string, participantId?: string): CommandBody {
  return { type: 'send_notice', text, ...(participantId !== undefined && { participant_id: participantId }) }
}

/** Closes a notice: a room on its own screen, the sender on all. */
export function dismissNotice(noticeId: number): CommandBody {
  return { type: 'dismiss_notice', notice_id: noticeId }
}

/** The notices that a room has on its screen, the oldest first. */
export function noticesFor(piece: NoticePiece, participantId: string): readonly RoomNotice[] {
  return piece.notices.filter(
    (one) =>
      (one.participant_id === null || one.participant_id === participantId) &&
      !one.dismissed_by.includes(participantId),
  )
}
