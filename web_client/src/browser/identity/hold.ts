/** A form that the server asked to wait: it counts the seconds down and holds its button. */
import { computed, onScopeDispose, ref } from 'vue'
import { ApiError } from '../../core/base/rest'

const TICK_MS = 500
const LEAST_S = 5 // where the server does not say how long

export function useHold() {
  const until = ref(0) // page clock, ms
  const now = ref(0)
  let timer: number | undefined
  const leftS = computed(() => Math.max(0, Math.ceil((until.value - now.value) / 1000)))

  function tick(): void {
    now.value = performance.now()
    if (leftS.value === 0) window.clearInterval(timer)
  }

  /** Begins to wait where the failure is a refusal for too many tries; says whether it is. */
  function see(failure: unknown): boolean {
    if (!(failure instanceof ApiError) || failure.status !== 429) return false
    now.value = performance.now()
    until.value = now.value + (failure.retryAfterS ?? LEAST_S) * 1000
    window.clearInterval(timer)
    timer = window.setInterval(tick, TICK_MS)
    return true
  }
  onScopeDispose(() => window.clearInterval(timer))
  return { leftS, see }
}
