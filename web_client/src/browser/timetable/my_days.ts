/** One's own days: read when the first day changes, and again when the timetable changes. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { NewsWatch } from '../../core/timetable/news_watch'
import type { MyDays } from '../../core/base/wire'
import { browserClock } from '../base/clock'
import { county } from '../base/county'
import { timetable } from './api'

const RETRY_MS = 5000

/** @param first the first of the days; null: nothing is read yet. */
export function useMyDays(first: Ref<string | null>, count: number) {
  const days = shallowRef<MyDays | null>(null)
  const failure = shallowRef<unknown>(null)
  const readAt = ref(0)
  let turn = 0
  let timer: number | undefined
  const watcher = new NewsWatch(browserClock, (since) => timetable.news(since), async () => void (await read()))

  async function read(): Promise<void> {
    const asked = first.value
    if (asked === null) return
    const mine = ++turn
    window.clearTimeout(timer)
    try {
      const answer = await timetable.my(asked, count)
      if (mine !== turn) return
      days.value = answer
      failure.value = null
      readAt.value = county.serverNow()
      watcher.from(answer.since)
    } catch (fault) {
      if (mine !== turn) return
      failure.value = fault
      timer = window.setTimeout(() => void read(), RETRY_MS)
    }
  }

  watch(
    first,
    () => {
      days.value = null
      void read()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    turn += 1
    window.clearTimeout(timer)
    watcher.stop()
  })
  return { days, failure, readAt, read }
}
