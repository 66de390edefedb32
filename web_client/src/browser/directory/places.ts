/** Where the present user may put something: the own counties, or the own schools where there is no county. */
import { shallowRef } from 'vue'
import type { NodeEntry, SchoolEntry } from '../../core/base/wire'
import type { SheetPlace } from '../../core/directory/nouns'
import { identity } from '../identity/identity'
import { directoryApi } from './api'

export interface Place {
  readonly id: string
  readonly name: string
}

interface Places {
  /** The first of the own nodes above schools, from the top, and how many there are. */
  readonly nodes: readonly Place[]
  readonly nodesTotal: number
  readonly counties: readonly Place[]
  readonly countiesTotal: number
  /** Asked for only where there is no county. */
  readonly schools: readonly Place[]
  readonly schoolsTotal: number
}

const ofNode = ({ node_id: id, name }: NodeEntry): Place => ({ id, name })
const ofSchool = ({ school_id: id, name }: SchoolEntry): Place => ({ id, name })
const IN_USE = { active: 'true' }

const known = shallowRef<Places | null>(null)
let readBy: string | null = null

async function read(): Promise<Places> {
  const [nodes, counties] = await Promise.all([
    directoryApi.list('nodes', IN_USE),
    directoryApi.list('nodes', { ...IN_USE, level: 'county' }),
  ])
  const schools = counties.total > 0 ? { entries: [], total: 0 } : await directoryApi.list('schools', IN_USE)
  return {
    nodes: nodes.entries.map(ofNode),
    nodesTotal: nodes.total,
    counties: counties.entries.map(ofNode),
    countiesTotal: counties.total,
    schools: schools.entries.map(ofSchool),
    schoolsTotal: schools.total,
  }
}

/** Reads them once for each person who signs in, and again after a change of 区域. Rejects. */
async function load(again = false): Promise<void> {
  const me = identity.value?.subject_id ?? null
  if (!again && known.value !== null && readBy === me) return
  known.value = await read()
  readBy = me
}

/** The places for a sheet or a new entry: which they are, how many, and the noun in which others are looked for. */
function of(kind: SheetPlace): { readonly first: readonly Place[]; readonly total: number; readonly noun: 'nodes' | 'schools' } {
  const all = known.value
  if (all === null) return { first: [], total: 0, noun: 'nodes' }
  if (kind === 'node') return { first: all.nodes, total: all.nodesTotal, noun: 'nodes' }
  if (all.countiesTotal > 0 || kind === 'county') return { first: all.counties, total: all.countiesTotal, noun: 'nodes' }
  return { first: all.schools, total: all.schoolsTotal, noun: 'schools' }
}

export const places = { known, load, of }
