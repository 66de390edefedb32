/** The county that the pages of the timetable plan for. Most people have one; it is asked for only where there are more. */
import { ref, shallowRef } from 'vue'
import type { CountyName } from '../../core/base/wire'
import { memory } from '../base/memory'
import { identity } from '../identity/identity'
import { settings } from './api'

const REMEMBERED = 'timetable.county'

const counties = shallowRef<readonly CountyName[]>([])
const countyId = ref('')
let readBy: string | null = null

/** Reads the counties once for each person who signs in; rejects when the server does not answer. */
async function load(): Promise<string> {
  const me = identity.value?.subject_id ?? null
  if (readBy !== me || counties.value.length === 0) {
    counties.value = (await settings.counties()).counties
    readBy = me
    const before = memory.get(REMEMBERED)
    countyId.value = (counties.value.find((one) => one.county_id === before) ?? counties.value[0])?.county_id ?? ''
  }
  return countyId.value
}

function choose(id: string): void {
  countyId.value = id
  memory.set(REMEMBERED, id)
}

export const planningCounty = { counties, countyId, load, choose }
