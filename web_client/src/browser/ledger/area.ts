/** The county, or the area above counties, whose ledger the pages show. Most people have one. */
import { ref, shallowRef } from 'vue'
import type { LedgerArea } from '../../core/base/wire'
import { memory } from '../base/memory'
import { identity } from '../identity/identity'
import { ledger } from './api'

const REMEMBERED = 'ledger.area'

const areas = shallowRef<readonly LedgerArea[]>([])
const more = ref(false)
const chosen = shallowRef<LedgerArea | null>(null)
let readBy: string | null = null

/** Reads the areas once for each person who signs in; rejects when the server does not answer. */
async function load(): Promise<void> {
  const me = identity.value?.subject_id ?? null
  if (readBy === me && areas.value.length > 0) return
  const found = await ledger.areas()
  areas.value = found.areas
  more.value = found.more
  readBy = me
  const before = memory.get(REMEMBERED)
  chosen.value = found.areas.find((one) => one.node_id === before) ?? found.areas[0] ?? null
}

function choose(area: LedgerArea): void {
  chosen.value = area
  memory.set(REMEMBERED, area.node_id)
}

/** The chosen county; where an area above counties is chosen, the first county of all. */
function chosenCounty(): LedgerArea | null {
  if (chosen.value?.level === 'county') return chosen.value
  return areas.value.find((one) => one.level === 'county') ?? null
}

export const ledgerArea = { areas, more, chosen, load, choose, chosenCounty }
