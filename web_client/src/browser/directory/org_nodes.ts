/** All areas that the present user may change, and the schools of the counties that were opened. */
import { computed, shallowRef } from 'vue'
import type { NodeEntry, SchoolEntry } from '../../core/base/wire'
import { OrgTree } from '../../core/directory/org_tree'
import { directoryApi } from './api'

const LIMIT = 200 // entries of one answer
const MAX_ANSWERS = 25 // China has about 3,200 areas down to the counties
const FIRST_ROWS = 30 // that are open at first

/** The schools of a county as far as they were read. */
export interface SchoolsBelow {
  readonly entries: readonly SchoolEntry[]
  readonly total: number
  readonly next: string | null
  readonly failure: unknown
}

export function useOrgNodes() {
  const nodes = shallowRef<readonly NodeEntry[] | null>(null)
  const failure = shallowRef<unknown>(null)
  const open = shallowRef<ReadonlySet<string>>(new Set())
  const schools = shallowRef<ReadonlyMap<string, SchoolsBelow>>(new Map())
  const tree = computed(() => new OrgTree(nodes.value ?? []))
  let turn = 0
  let reading = false
  const asked = new Set<string>() // counties whose schools are on their way

  async function read(): Promise<void> {
    const mine = ++turn
    reading = true
    failure.value = null
    try {
      const found: NodeEntry[] = []
      let after: string | null = null
      for (let n = 0; n < MAX_ANSWERS; n += 1) {
        const page: { entries: readonly NodeEntry[]; next: string | null } = await directoryApi.list('nodes', { limit: LIMIT, after })
        found.push(...page.entries)
        after = page.next
        if (after === null) break
      }
      if (mine !== turn) return
      const first = nodes.value === null
      nodes.value = found
      if (!first) return
      open.value = tree.value.firstOpen(FIRST_ROWS)
      const [only] = found.length === 1 ? found : []
      if (only?.level === 'county') toggle(only)
    } catch (fault) {
      if (mine === turn) failure.value = fault
    } finally {
      if (mine === turn) reading = false
    }
  }

  async function moreSchools(countyId: string): Promise<void> {
    if (asked.has(countyId)) return
    asked.add(countyId)
    const before = schools.value.get(countyId)
    const set = (below: SchoolsBelow): void => {
      schools.value = new Map(schools.value).set(countyId, below)
    }
    const kept = before?.entries ?? []
    try {
      const page = await directoryApi.list('schools', { county_id: countyId, limit: LIMIT, after: before?.next ?? null })
      set({ entries: [...kept, ...page.entries], total: page.total, next: page.next, failure: null })
    } catch (fault) {
      set({ entries: kept, total: before?.total ?? 0, next: before?.next ?? null, failure: fault })
    } finally {
      asked.delete(countyId)
    }
  }

  function toggle(node: NodeEntry, wished = !open.value.has(node.node_id)): void {
    const next = new Set(open.value)
    if (wished) next.add(node.node_id)
    else next.delete(node.node_id)
    open.value = next
    if (wished && node.level === 'county' && !schools.value.has(node.node_id)) void moreSchools(node.node_id)
  }

  /** Puts a changed or new area in its place, and shows what it stands below. */
  function put(node: NodeEntry): void {
    const { value } = nodes
    if (value === null) return
    const there = value.some((one) => one.node_id === node.node_id)
    nodes.value = there ? value.map((one) => (one.node_id === node.node_id ? node : one)) : [...value, node]
    const parent = value.find((one) => one.node_id === node.parent_id)
    if (parent !== undefined && !there) toggle(parent, true)
    if (reading) void read() // an answer under way does not know it yet
  }

  return { nodes, failure, open, schools, tree, read, moreSchools, toggle, put }
}
