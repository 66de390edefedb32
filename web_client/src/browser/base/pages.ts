/** A list that comes in pages: it is loaded anew for each question, and more of it on demand. */
import { ref, shallowRef } from 'vue'
import { Latest } from '../../core/base/latest'

interface Page<T> {
  readonly entries: readonly T[]
  readonly next: string | null
}

/**
 * @param load asks for the page behind a place, or for the first one.
 * @param fail hears why the last question was not answered.
 * @param heard gets each page that is shown, for what else it says.
 */
export function usePages<T, P extends Page<T> = Page<T>>(
  load: (after: string | null) => Promise<P>,
  fail: (failure: unknown) => void,
  heard: (page: P) => void = () => {},
) {
  const entries = shallowRef<readonly T[] | null>(null)
  const next = ref<string | null>(null)
  const busy = ref(false)
  const latest = new Latest()

  async function fetch(after: string | null): Promise<void> {
    const counts = latest.ask()
    busy.value = true
    try {
      const page = await load(after)
      if (!counts()) return // a later question was asked meanwhile
      entries.value = after === null ? page.entries : [...(entries.value ?? []), ...page.entries]
      next.value = page.next
      heard(page)
    } catch (failure) {
      if (counts()) fail(failure)
    } finally {
      if (counts()) busy.value = false
    }
  }

  /** Puts a changed entry in the place of the one with the same key. An answer under way does not know it yet. */
  function replace(changed: T, key: (one: T) => string): void {
    entries.value = (entries.value ?? []).map((one) => (key(one) === key(changed) ? changed : one))
    if (busy.value) void fetch(null)
  }

  return { entries, next, busy, replace, reload: () => fetch(null), more: () => fetch(next.value) }
}
