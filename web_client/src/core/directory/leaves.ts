/** Leafing through a list whose pages are found by the last entry of the page before. */

/** Where each page begins, from the first to the one that is shown. */
export type Leaves = readonly (string | null)[]

export const FIRST: Leaves = [null]

export const PAGE_SIZES = [50, 100, 200] as const

export function placeOf(leaves: Leaves): string | null {
  return leaves[leaves.length - 1] ?? null
}

export function forward(leaves: Leaves, next: string): Leaves {
  return [...leaves, next]
}

export function back(leaves: Leaves): Leaves {
  return leaves.length > 1 ? leaves.slice(0, -1) : leaves
}

/** The numbers of the first and the last row that are shown. */
export function rangeOf(leaves: Leaves, size: number, shown: number): { readonly from: number; readonly to: number } {
  const before = (leaves.length - 1) * size
  return { from: shown === 0 ? 0 : before + 1, to: before + shown }
}
