/** The terms of the county that pages plan for, and the one that a page shows. */
import { computed, ref, shallowRef } from 'vue'
import { Latest } from '../../core/base/latest'
import type { Term, TermList } from '../../core/base/wire'
import { settings } from './api'
import { planningCounty } from './planning_county'

export function useTerms() {
  const list = shallowRef<TermList | null>(null)
  const failure = shallowRef<unknown>(null)
  const busy = ref(false)
  const latest = new Latest()

  /** Reads county and terms; says whether they are there. */
  async function read(): Promise<boolean> {
    const counts = latest.ask()
    busy.value = true
    failure.value = null
    try {
      const county = await planningCounty.load()
      const found = county === '' ? { terms: [], current: null, may_manage: false } : await settings.terms(county)
      if (!counts()) return false // the terms of another county are asked for
      list.value = found
      return true
    } catch (fault) {
      if (counts()) failure.value = fault
      return false
    } finally {
      if (counts()) busy.value = false
    }
  }

  const current = computed(() => list.value?.terms.find((one) => one.term_id === list.value?.current) ?? null)
  const term = (id: string): Term | null => list.value?.terms.find((one) => one.term_id === id) ?? current.value

  return { list, failure, busy, current, term, read }
}
