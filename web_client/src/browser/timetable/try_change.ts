/** A change that is tried before it is made: checked as it is filled in, and refused in ways that a form must tell apart. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { ApiError } from '../../core/base/rest'
import { meanwhileOf, type Meanwhile } from '../../core/timetable/meanwhile'
import { verdictOf, type Verdict } from '../../core/timetable/slot_checks'
import type { CheckResult, TimetableCheck } from '../../core/base/wire'
import { timetable } from './api'

const REST_MS = 300 // a form that is being filled in is not checked at every key

export function useTryChange(first: Verdict | null = null) {
  const verdict = shallowRef<Verdict | null>(first)
  const result = shallowRef<CheckResult | null>(null)
  const busy = ref(false)
  const failure = shallowRef<unknown>(null)
  const meanwhile = shallowRef<Meanwhile | null>(null)
  let timer: number | undefined
  let turn = 0

  /** Asks what a change would do, once the form rests; null: there is nothing to ask about. */
  function check(body: TimetableCheck | null): void {
    window.clearTimeout(timer)
    const mine = ++turn
    failure.value = null
    if (body === null) {
      verdict.value = null
      result.value = null
      return
    }
    verdict.value = { kind: 'checking' }
    timer = window.setTimeout(() => void ask(mine, body), REST_MS)
  }

  async function ask(mine: number, body: TimetableCheck): Promise<void> {
    try {
      const answer = await timetable.check(body)
      if (mine !== turn) return
      result.value = answer
      verdict.value = verdictOf(answer)
    } catch (fault) {
      if (mine !== turn) return
      result.value = null
      verdict.value = { kind: 'refused', failure: fault }
    }
  }

  /**
   * Makes the change; gives null where it was refused.
   *
   * @param again the check that tells the clashes, if the refusal names one.
   */
  async function make<T>(work: () => Promise<T>, again: TimetableCheck | null): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    failure.value = null
    meanwhile.value = null
    try {
      return await work()
    } catch (fault) {
      meanwhile.value = meanwhileOf(fault)
      if (fault instanceof ApiError && fault.code === 'timetable_clash' && again !== null) await ask(++turn, again)
      else if (meanwhile.value === null) failure.value = fault
      return null
    } finally {
      busy.value = false
    }
  }

  onScopeDispose(() => {
    turn += 1
    window.clearTimeout(timer)
  })
  return { verdict, result, busy, failure, meanwhile, check, make }
}
