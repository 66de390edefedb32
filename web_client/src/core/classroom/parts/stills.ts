/** Pages of courseware that came as pictures; told to this page only. */
import type { Still } from '../../base/wire'
import { isWhole, withPart } from '../stills/still_parts'
import type { Part } from './part'

export interface StillsPiece {
  /** The newest page of courseware that came as a picture. */
  readonly still: Still | null
  /** The one after it, of which parts are still to come. */
  readonly stillComing: Still | null
}

export const stills: Part<StillsPiece> = {
  fromSnapshot: () => ({ still: null, stillComing: null }),
  reduce(piece, message) {
    if (message.type === 'source_removed') {
      return piece.still?.source_id === message.source_id ? { still: null } : null
    }
    if (message.type !== 'still') return null
    const coming = withPart(piece.stillComing, message)
    if (coming === null || !isWhole(coming)) return { stillComing: coming }
    return { still: coming, stillComing: null }
  },
}
