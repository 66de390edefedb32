/** 到课人数 as somebody types it. */

export const MOST_PUPILS = 300 // of one room, as the server bounds it

/** The number of a typed text; null where it is none. */
export function pupilsIn(text: string): number | null {
  if (!/^\d{1,3}$/.test(text.trim())) return null
  const n = Number(text)
  return n <= MOST_PUPILS ? n : null
}
