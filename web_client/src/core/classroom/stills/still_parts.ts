/** A still comes in parts, so that it never stands before the sound on a narrow link. */
import type { Still } from '../../base/wire'

/**
 * Adds a part to a still. The result's `image` holds all parts so far, and `part` is the number of the newest. Null
 * where a part is missing: then the next still's beginning is waited for.
 */
export function withPart(before: Still | null, part: Still): Still | null {
  if (part.part === 0) return part
  const follows =
    before !== null &&
    before.source_id === part.source_id &&
    before.taken_at === part.taken_at &&
    before.part + 1 === part.part
  return follows ? { ...part, image: before.image + part.image } : null
}

export function isWhole(still: Still): boolean {
  return still.part + 1 === still.parts
}
