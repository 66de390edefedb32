/** The textbook tree as a page opens it: which rows it shows, and what keys do. */
import type { FacetCount, LibraryTree, TreeLevel } from '../base/wire'
import type { LibraryQuestion } from './library_question'

export const LEVELS: readonly TreeLevel[] = ['stage', 'subject', 'edition', 'grade', 'volume', 'section']

/** The values from the top down to a node; empty is above all. */
export type TreePath = readonly string[]
/** What lies below an opened node; `null` while it is asked for, or `fault`. */
export type Below = LibraryTree | 'loading' | 'fault'
/** What is below each opened node, by `keyOf` its path. */
export type Opened = Readonly<Record<string, Below>>

export interface TreeRow {
  readonly path: TreePath
  readonly level: TreeLevel
  readonly value: string
  readonly count: number
  readonly depth: number
  /** Among its siblings, from 1, and how many they are. */
  readonly place: number
  readonly of: number
  readonly leaf: boolean
  readonly open: boolean
  /** What stands below it instead of rows. */
  readonly below: 'loading' | 'fault' | 'empty' | null
}

export const keyOf = (path: TreePath): string => JSON.stringify(path)

/** The rows that are seen, from the top. */
export function rowsOf(opened: Opened, path: TreePath = []): readonly TreeRow[] {
  const below = opened[keyOf(path)]
  if (below === undefined || typeof below === 'string' || below.level === null) return []
  const level = below.level
  return below.nodes.flatMap((node: FacetCount, n) => {
    const own = [...path, node.value]
    const inside = opened[keyOf(own)]
    const row: TreeRow = {
      path: own,
      level,
      value: node.value,
      count: node.count,
      depth: own.length,
      place: n + 1,
      of: below.nodes.length,
      leaf: own.length === LEVELS.length,
      open: inside !== undefined,
      below: typeof inside === 'string' ? inside : inside !== undefined && inside.nodes.length === 0 ? 'empty' : null,
    }
    return [row, ...rowsOf(opened, own)]
  })
}

/** The node that a question names: its levels from the top, up to the first that is open. */
export function pathOf(question: LibraryQuestion): TreePath {
  const values = LEVELS.map((level) => question[level])
  const end = values.indexOf('')
  return end < 0 ? values : values.slice(0, end)
}

/** The part of a question that names a node; what lies deeper is left open. */
export function chosen(path: TreePath): Partial<LibraryQuestion> {
  return Object.fromEntries(LEVELS.map((level, n) => [level, path[n] ?? '']))
}

export type TreeMove = { readonly to: TreePath } | { readonly open: TreePath } | { readonly close: TreePath } | null

/** What a key does at a row (WAI-ARIA tree view). */
export function moved(rows: readonly TreeRow[], at: TreePath, key: string): TreeMove {
  const n = rows.findIndex((row) => keyOf(row.path) === keyOf(at))
  const row = rows[n]
  const to = (one: TreeRow | undefined): TreeMove => (one === undefined ? null : { to: one.path })
  if (row === undefined) return to(rows[0])
  switch (key) {
    case 'ArrowDown':
      return to(rows[n + 1])
    case 'ArrowUp':
      return to(rows[n - 1])
    case 'Home':
      return to(rows[0])
    case 'End':
      return to(rows[rows.length - 1])
    case 'ArrowRight':
      if (row.leaf) return null
      return row.open ? to(rows[n + 1]?.depth === row.depth + 1 ? rows[n + 1] : undefined) : { open: row.path }
    case 'ArrowLeft':
      if (row.open && !row.leaf) return { close: row.path }
      return row.path.length > 1 ? { to: row.path.slice(0, -1) } : null
    default:
      return null
  }
}
