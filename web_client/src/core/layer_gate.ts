/** Which of a source's layers are worth encoding: what nobody watches is not sent. */

/**
 * @param all the source's rids, lowest first.
 * @param wanted what the server says somebody takes; null where it has not said: then all.
 * @param squeezed the uplink does not carry what is sent. Then the layers below the wanted ones run as well: a
 *   browser that sends one large layer only has nothing to fall back on, and would sacrifice the sound's queue.
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
