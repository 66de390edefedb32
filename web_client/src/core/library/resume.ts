/** 继续观看: where one stopped, kept in this browser only. */

export const MOST_REMEMBERED = 60 // resources; the one watched longest ago is forgotten first
const FROM_S = 10 // who has seen less begins anew
const NEARLY_S = 20 // who has less left has seen it
const BACK_S = 3 // a little of what was seen before

export interface Stopped {
  readonly id: string
  /** Seconds of viewer's time. */
  readonly at: number
}

/** What is remembered, as it was read from the browser; anything else is nothing. */
export function rememberedOf(text: string | null): readonly Stopped[] {
  try {
    const read: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(read) ? read.filter(isStopped).slice(0, MOST_REMEMBERED) : []
  } catch {
    return []
  }
}

function isStopped(one: unknown): one is Stopped {
  if (typeof one !== 'object' || one === null) return false
  const { id, at } = one as Record<string, unknown>
  return typeof id === 'string' && typeof at === 'number' && Number.isFinite(at) && at >= 0
}

/** With this resource in front; one that has hardly begun, or is nearly over, is forgotten. */
export function remember(all: readonly Stopped[], id: string, atS: number, lengthS: number): readonly Stopped[] {
  const others = all.filter((one) => one.id !== id)
  if (atS < FROM_S || atS > lengthS - NEARLY_S) return others
  return [{ id, at: Math.round(atS) }, ...others].slice(0, MOST_REMEMBERED)
}

/** Where to go on, or 0. */
export function resumeAt(all: readonly Stopped[], id: string, lengthS: number): number {
  const at = all.find((one) => one.id === id)?.at ?? 0
  return at < FROM_S || at > lengthS - NEARLY_S ? 0 : at - BACK_S
}
