/** The base of every part of a room's state; the twin of signaling/classroom/parts/part.py. */
import type { Command, ServerMessage, Snapshot } from '../../base/wire'

/** One tool of the classroom: its fields of the room's state, and what messages do to them. */
export interface Part<Piece> {
  fromSnapshot(message: Snapshot): Piece
  /** The fields that a message changes; null where it is none of this part's. */
  reduce(piece: Piece, message: ServerMessage): Partial<Piece> | null
}

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never

/** A command without its number, which the control channel gives it. */
export type CommandBody = WithoutId<Command>

/** The list with the matching item replaced in its place, or appended. */
export function withItem<T>(
  list: readonly T[],
  item: T,
  matches: (one: T) => boolean,
): readonly T[] {
  return list.some(matches) ? list.map((one) => (matches(one) ? item : one)) : [...list, item]
}
