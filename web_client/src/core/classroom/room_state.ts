/** The lesson room as a page sees it: a snapshot, and each message applied to it by the parts. */
import type { ServerMessage, Snapshot } from '../base/wire'
import { PARTS } from './registry'

interface Frame {
  readonly instance: string
  readonly seq: number
  readonly you: string
  /** The server's time at the snapshot, as it told it. */
  readonly serverTime: string
}

type Together<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never
type Pieces = Together<ReturnType<(typeof PARTS)[number]['fromSnapshot']>>

export type RoomState = Frame & Pieces

/**
 * The state after a message. Messages that do not touch the state, and events already applied, give the
 * same object back. A jump in `seq` is no fault: each event replaces a whole piece of the state.
 */
export function reduce(state: RoomState | null, message: ServerMessage): RoomState | null {
  if (message.type === 'snapshot') return fromSnapshot(message)
  if (state === null || message.type === 'resumed') return state
  const numbered = 'seq' in message
  if (numbered && message.seq <= state.seq) return state
  const changes = PARTS.map((part) => part.reduce(state, message)).filter((one) => one !== null)
  if (!numbered && changes.length === 0) return state
  return Object.assign({}, state, ...changes, numbered ? { seq: message.seq } : {}) as RoomState
}

function fromSnapshot(message: Snapshot): RoomState {
  const frame: Frame = {
    instance: message.instance,
    seq: message.seq,
    you: message.you,
    serverTime: message.server_time,
  }
  return Object.assign({}, frame, ...PARTS.map((part) => part.fromSnapshot(message))) as RoomState
}
