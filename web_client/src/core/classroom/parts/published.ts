/** The sources that are published now. */
import type { Source, SourceKind } from '../../base/wire'
import type { Part } from './part'
import { withItem } from './part'

export interface PublishedPiece {
  readonly sources: readonly Source[]
}

export const published: Part<PublishedPiece> = {
  fromSnapshot: (message) => ({ sources: message.sources }),
  reduce(piece, message) {
    if (message.type === 'source_removed') {
      return { sources: piece.sources.filter((one) => one.source_id !== message.source_id) }
    }
    if (message.type !== 'source_changed') return null
    const same = (one: Source) => one.source_id === message.source.source_id
    return { sources: withItem(piece.sources, message.source, same) }
  },
}

export function sourceOf(
  piece: PublishedPiece,
  participantId: string,
  kind: SourceKind,
): Source | null {
  return (
    piece.sources.find((one) => one.participant_id === participantId && one.kind === kind) ?? null
  )
}
