/** 区域 as a tree: rows in their order, with what is open, and what a search leaves. */
import type { NodeEntry } from '../base/wire'
import { matches } from './room_filter'

export interface TreeRow {
  readonly node: NodeEntry
  /** 1 for those at the top of what the reader sees. */
  readonly level: number
  /** Whether something can stand below: other nodes, or the schools of a county. */
  readonly opens: boolean
  readonly open: boolean
}

export class OrgTree {
  private readonly below = new Map<string, NodeEntry[]>()
  private readonly byId: ReadonlyMap<string, NodeEntry>
  readonly tops: readonly NodeEntry[]

  constructor(nodes: readonly NodeEntry[]) {
    this.byId = new Map(nodes.map((one) => [one.node_id, one]))
    const tops: NodeEntry[] = []
    for (const node of [...nodes].sort(inOrder)) {
      const parent = node.parent_id
      if (parent === null || !this.byId.has(parent)) tops.push(node)
      else this.below.set(parent, [...(this.below.get(parent) ?? []), node])
    }
    this.tops = tops
  }

  childrenOf(nodeId: string): readonly NodeEntry[] {
    return this.below.get(nodeId) ?? []
  }

  /** The rows that are shown; with words, those that match and all above them. */
  rows(open: ReadonlySet<string>, words = ''): readonly TreeRow[] {
    const kept = words.trim() === '' ? null : this.found(words)
    const rows: TreeRow[] = []
    const walk = (nodes: readonly NodeEntry[], level: number): void => {
      for (const node of nodes) {
        if (kept !== null && !kept.has(node.node_id)) continue
        const below = this.childrenOf(node.node_id)
        const shows = kept === null ? open.has(node.node_id) : below.some((one) => kept.has(one.node_id)) || open.has(node.node_id)
        rows.push({ node, level, opens: below.length > 0 || node.level === 'county', open: shows })
        if (shows) walk(below, level + 1)
      }
    }
    walk(this.tops, 1)
    return rows
  }

  /** What is open at first: from the top down to the counties, as long as few rows come of it. */
  firstOpen(mostRows: number): ReadonlySet<string> {
    const open = new Set<string>()
    let rows = this.tops.length
    let level: readonly NodeEntry[] = this.tops
    while (level.length > 0) {
      const next = level.flatMap((one) => this.childrenOf(one.node_id))
      rows += next.length
      if (rows > mostRows) break
      for (const node of level) if (this.below.has(node.node_id)) open.add(node.node_id)
      level = next
    }
    return open
  }

  private found(words: string): ReadonlySet<string> {
    const kept = new Set<string>()
    for (const node of this.byId.values()) {
      if (!matches(words, node.name, node.code ?? '')) continue
      for (let at: NodeEntry | undefined = node; at !== undefined; at = this.byId.get(at.parent_id ?? '')) {
        if (kept.has(at.node_id)) break
        kept.add(at.node_id)
      }
    }
    return kept
  }
}

/** By 行政区划代码, then by name; those without a code come last. */
function inOrder(one: NodeEntry, other: NodeEntry): number {
  if (one.code !== other.code) {
    if (one.code === null) return 1
    return other.code === null || one.code < other.code ? -1 : 1
  }
  return one.name.localeCompare(other.name, 'zh-CN')
}
