/** The order of a series: one entry moved, and the neighbours of one that is played. */

/** The list with the entry at `from` at the place `to`; places beyond the ends are the ends. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const entry = list[from]
  if (entry === undefined) return list
  const rest = list.filter((_, n) => n !== from)
  const place = Math.min(Math.max(to, 0), rest.length)
  return place === from ? list : [...rest.slice(0, place), entry, ...rest.slice(place)]
}

export interface Neighbours {
  readonly place: number
  readonly before: string | null
  readonly after: string | null
}

/** Where a resource stands among the ids of a series; null if it is none of them. */
export function neighbours(ids: readonly string[], id: string): Neighbours | null {
  const place = ids.indexOf(id)
  return place < 0 ? null : { place, before: ids[place - 1] ?? null, after: ids[place + 1] ?? null }
}
