/**
 * Chooses the layers of a source that are worth encoding. A layer that nobody watches is not sent.
 *
 * @param all the source's rids, lowest first.
 * @param wanted the layers that somebody takes; null: the server has not said, so all are sent.
 * @param squeezed the uplink does not carry what is sent. Then the layers below the wanted ones run as well.
 *   A browser that sends one large layer alone has nothing to fall back on, and lets the sound queue.
 * @returns the rids to send, lowest first.
 */
export function activeLayers(
  all: readonly string[],
  wanted: readonly string[] | null,
  squeezed: boolean,
): readonly string[] {
  if (wanted === null) return all
  const taken = all.map((rid) => wanted.includes(rid))
  const top = taken.lastIndexOf(true)
  return all.filter((_, index) => taken[index] === true || (squeezed && index < top))
}
