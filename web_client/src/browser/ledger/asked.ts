/** The missed lessons that wait for a reason of whoever is signed in: asked until somebody answers. */
import { computed, onMounted, shallowRef } from 'vue'
import type { MissedReason, MissedUnit } from '../../core/base/wire'
import { byLesson } from '../../core/ledger/missed'
import { usePoll } from '../base/poll'
import { identity, may } from '../identity/identity'
import { missed } from './api'

const ASK_EVERY_MS = 60_000
const RETRY_MS = 15_000

/** Who answers for the own lessons, and not for a county: that has a page of its own. */
export const asksMe = computed(() => identity.value !== null && may('explain_missed') && !may('confirm_missed'))

export function useAsked() {
  const units = shallowRef<readonly MissedUnit[]>([])
  const lessons = computed(() => byLesson(units.value))
  let asked = 0 // an answer to an older question is dropped

  /** Reads anew. Where the server does not answer, what was asked stays asked. */
  async function read(): Promise<number | null> {
    if (!asksMe.value) {
      units.value = []
      return ASK_EVERY_MS
    }
    const mine = ++asked
    try {
      const page = await missed.list({ cause: 'awaiting' }, null)
      if (mine === asked) units.value = page.units
      return ASK_EVERY_MS
    } catch {
      return RETRY_MS
    }
  }
  const poll = usePoll(read)
  onMounted(() => void poll.now())

  /** Says why some classes missed a lesson. Throws the first fault; what was said before it is kept. */
  async function explain(chosen: readonly MissedUnit[], reason: MissedReason, note: string): Promise<void> {
    try {
      for (const one of chosen) await missed.explain(one, { reason, note: note.trim() })
    } finally {
      await poll.now()
    }
  }

  return { lessons, explain }
}
