/** A terminal that shows a code and waits until an admin names its room. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { ApiError } from '../../core/base/rest'
import type { Identity, TerminalAsked } from '../../core/base/wire'
import { terminalsApi } from './accounts'

const ASK_EVERY_MS = 3000

export function useBinding(bound: (identity: Identity) => void, fail: (failure: unknown) => void) {
  const asked = shallowRef<TerminalAsked | null>(null)
  const waiting = ref(false)
  let timer: number | undefined

  async function look(): Promise<void> {
    const present = asked.value
    if (present === null) return
    try {
      const identity = await terminalsApi.claim(present.secret)
      if (asked.value !== present) return // stopped meanwhile
      if (identity !== null) {
        stop()
        bound(identity)
        return
      }
    } catch (failure) {
      // The code is too old or void: a fresh one takes its place. Without an answer, the next try may get one.
      if (failure instanceof ApiError && (failure.status === 404 || failure.status === 410)) return begin()
    }
    timer = window.setTimeout(look, ASK_EVERY_MS)
  }

  async function begin(): Promise<void> {
    stop()
    waiting.value = true
    try {
      asked.value = await terminalsApi.ask()
      timer = window.setTimeout(look, ASK_EVERY_MS)
    } catch (failure) {
      fail(failure)
    } finally {
      waiting.value = false
    }
  }

  function stop(): void {
    window.clearTimeout(timer)
    asked.value = null
  }
  onScopeDispose(stop)
  return { asked, waiting, begin, stop }
}
