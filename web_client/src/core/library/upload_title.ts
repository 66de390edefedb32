/** A title that an upload's file name proposes. */
const MOST = 120

/** The name without its ending; a camera's number is better than nothing. */
export function titleOf(name: string): string {
  const dot = name.lastIndexOf('.')
  const stem = dot > 0 ? name.slice(0, dot) : name
  return stem.replace(/[_\s]+/g, ' ').trim().slice(0, MOST)
}
