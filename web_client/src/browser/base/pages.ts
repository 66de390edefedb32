/** A list that comes in pages: it is loaded anew for each question, and more of it on demand. */
import { ref, shallowRef } from 'vue'

interface Page<T> {
  readonly entries: readonly T[]
  readonly next: string | null
}

export function usePages<T>(load: (after: string | null) => Promise<Page<T>>, fail: (failure: unknown) => void) {
  const entries = shallowRef<readonly T[] | null>(null)
  const next = ref<string | null>(null)
  const busy = ref(false)
  let question = 0

  async function fetch(after: string | null): Promise<void> {
    question += 1
    const mine = question
    busy.value = true
    try {
      const page = await load(after)
      if (mine !== question) return // a later question was asked meanwhile
      entries.value = after === null ? page.entries : [...(entries.value ?? []), ...page.entries]
      next.value = page.next
    } catch (failure) {
      if (mine === question) fail(failure)
    } finally {
      if (mine === question) busy.value = false
    }
  }

  /** Puts a changed entry in the place of the one with the same key. */
  function replace(changed: T, key: (one: T) => string): void {
    entries.value = (entries.value ?? []).map((one) => (key(one) === key(changed) ? changed : one))
  }

  return { entries, next, busy, replace, reload: () => fetch(null), more: () => fetch(next.value) }
}
