/** Finds rooms among many by what a person types: parts of school and name, in any order. */

export const SEARCH_FROM = 9 // rooms; fewer are seen at one glance

/**
 * @param query words separated by blanks; each must be found.
 * @param names what the room is called: its school, its name.
 */
export function matches(query: string, ...names: readonly string[]): boolean {
  const text = folded(names.join(''))
  return query
    .split(/\s+/)
    .map(folded)
    .every((word) => text.includes(word))
}

/** Without case, blanks and the two widths of letters and digits. */
function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
}
