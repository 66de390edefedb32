/** Texts with the places where a search found something. */

export interface Place {
  readonly start: number // in Unicode characters, as the server counts
  readonly end: number
}

export interface Part {
  readonly text: string
  readonly found: boolean
}

/** A text cut into parts that were found and parts that were not; places may overlap or be out of the text. */
export function markedParts(text: string, places: readonly Place[]): readonly Part[] {
  const characters = Array.from(text)
  const parts: Part[] = []
  let done = 0
  const put = (end: number, found: boolean): void => {
    if (end <= done) return
    parts.push({ text: characters.slice(done, end).join(''), found })
    done = end
  }
  for (const place of [...places].sort((a, b) => a.start - b.start)) {
    put(Math.min(place.start, characters.length), false)
    put(Math.min(place.end, characters.length), true)
  }
  put(characters.length, false)
  return parts
}
