/** One action of a page at a time, with its fault and a short word when it is done. */
import { onScopeDispose, ref, shallowRef } from 'vue'

const TOLD_MS = 5000

export function useAct() {
  const busy = ref(false)
  const failure = shallowRef<unknown>(null)
  const told = ref('')
  let timer: number | undefined

  function tell(text: string): void {
    told.value = text
    window.clearTimeout(timer)
    timer = window.setTimeout(() => (told.value = ''), TOLD_MS)
  }

  /** Does it, unless something is under way; gives null where it failed. */
  async function act<T>(work: () => Promise<T>): Promise<{ readonly value: T } | null> {
    if (busy.value) return null
    busy.value = true
    failure.value = null
    try {
      return { value: await work() }
    } catch (fault) {
      failure.value = fault
      return null
    } finally {
      busy.value = false
    }
  }

  onScopeDispose(() => window.clearTimeout(timer))
  return { busy, failure, told, tell, act }
}
