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

  /**
   * Does it, unless something is under way; gives null where it failed.
   *
   * @param after reads anew what the action changed, or what was found changed by others. Until it ended the action
   * is under way: what is done next must be based on what is read now. It tells its own faults.
   */
  async function act<T>(
    work: () => Promise<T>,
    after?: (done: { readonly value: T } | null) => Promise<unknown>,
  ): Promise<{ readonly value: T } | null> {
    if (busy.value) return null
    busy.value = true
    failure.value = null
    let done: { readonly value: T } | null = null
    try {
      done = { value: await work() }
    } catch (fault) {
      failure.value = fault
    }
    try {
      await after?.(done)
    } finally {
      busy.value = false
    }
    return done
  }

  onScopeDispose(() => window.clearTimeout(timer))
  return { busy, failure, told, tell, act }
}
