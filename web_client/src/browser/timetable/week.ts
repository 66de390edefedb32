/** The week that a page shows: read when the place changes, and again when somebody changes the timetable. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { NewsWatch } from '../../core/timetable/news_watch'
import type { WeekPlace } from '../../core/timetable/week_place'
import type { WeekPage } from '../../core/base/wire'
import { browserClock } from '../base/clock'
import { county } from '../base/county'
import { timetable } from './api'

const HOLD_MS = 400 // news while a lesson is carried wait this long before they are looked at again

/**
 * @param place null while it is not known which week of whom is wanted.
 * @param held while true, the week stays as it is: the table does not move below a carried lesson.
 */
export function useWeek(place: Ref<WeekPlace | null>, held: Ref<boolean>) {
  const page = shallowRef<WeekPage | null>(null)
  const failure = shallowRef<unknown>(null)
  const busy = ref(false)
  /** Server time of the last answer, in milliseconds. */
  const readAt = ref(0)
  const refreshed = ref(0)
  let turn = 0
  let waiting: (() => void) | null = null

  const watcher = new NewsWatch(browserClock, (since) => timetable.news(since), async () => {
    while (held.value) await new Promise<void>((go) => (waiting = browserClock.after(HOLD_MS, go)))
    if (await read()) refreshed.value += 1
  })

  let latest: Promise<boolean> = Promise.resolve(false)

  /** Reads the week; says whether it is shown. A reading that is overtaken by another waits for that one. */
  function read(): Promise<boolean> {
    latest = readOnce()
    return latest
  }

  async function readOnce(): Promise<boolean> {
    const asked = place.value
    if (asked === null) return false
    const mine = ++turn
    busy.value = true
    try {
      const answer = await timetable.week(asked)
      if (mine !== turn) return await latest
      page.value = answer
      failure.value = null
      readAt.value = county.serverNow()
      watcher.from(answer.since)
      return true
    } catch (fault) {
      if (mine !== turn) return await latest
      failure.value = fault
      return false
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  watch(
    place,
    (now, before) => {
      // Of the same person another week: the old one stays until the new one is there.
      if (now?.id !== before?.id || now?.by !== before?.by) page.value = null
      void read()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    waiting?.()
    watcher.stop()
  })

  return { page, failure, busy, readAt, refreshed, read }
}
