/** 资源推送 on the kiosk: lists of the lessons ahead, their media in the store, and what was played. */
import { computed, onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { browserClock } from '../browser/base/clock'
import { county } from '../browser/base/county'
import { memory } from '../browser/base/memory'
import { usePoll } from '../browser/base/poll'
import { rest } from '../browser/identity/identity'
import { pushed } from '../browser/resource_push/api'
import { playsCodecs } from '../browser/resource_push/codecs'
import { openKept, type KeptMedia } from '../browser/resource_push/kept_media'
import { browserSource } from '../browser/resource_push/part_source'
import { browserParts } from '../browser/resource_push/part_store'
import { dayAfter } from '../core/base/county_time'
import { ApiError } from '../core/base/rest'
import type { Lesson, LibraryDetail, PushedResource } from '../core/base/wire'
import { joinDays } from '../core/lessons/day_plan'
import { PushFetcher } from '../core/resource_push/fetcher'
import { ahead, allWanted, readinessOf, toMakeUp, wantedOf, type PushLesson } from '../core/resource_push/kiosk_view'
import { PlayOutbox } from '../core/resource_push/outbox'

const POLL_MS = 30_000 // what was withdrawn is off this computer within this
const RETRY_MS = 5_000
const DAYS = 4 // today, and over a weekend
const LATE_MS = 3 * 3600_000 // as the server counts what is made up
const PLAYS = 'plays'

/** A resource that is open to be played. */
export interface OpenResource {
  readonly detail: LibraryDetail
  readonly media: KeptMedia
}

/** @param inLesson whether this room is in a live lesson: then nothing is fetched. */
export function usePushes(inLesson: Ref<boolean>) {
  const store = browserParts()
  const known = shallowRef<readonly PushLesson[]>([])
  const online = ref(true)
  const progress = ref(0) // counts changes of the store
  const unsent = ref(false)
  const outbox = new PlayOutbox({ get: () => memory.get(PLAYS), set: (text) => memory.set(PLAYS, text) }, (lesson, plays) =>
    pushed.report(lesson, plays),
  )
  const fetcher = store && new PushFetcher(browserClock, store, browserSource, playsCodecs, () => (progress.value += 1))
  let ready: Promise<void> | null = null

  async function turn(): Promise<number> {
    try {
      ready ??= fetcher?.start() ?? Promise.resolve()
      await ready
      fetcher?.rest(inLesson.value)
      if (!inLesson.value) {
        known.value = await read()
        await fetcher?.want(allWanted(known.value))
      }
      await flush()
      online.value = true
      return POLL_MS
    } catch (failure) {
      online.value = failure instanceof ApiError && !failure.unreachable
      return RETRY_MS
    }
  }
  const poll = usePoll(turn)
  onScopeDispose(() => fetcher?.stop())

  async function read(): Promise<PushLesson[]> {
    const days: (readonly Lesson[])[] = []
    for (let n = 0; n < DAYS; n += 1) days.push((await rest.lessons(dayAfter(county.today.value, n))).lessons)
    const lists: PushLesson[] = []
    for (const lesson of ahead(joinDays(...days), county.serverNow(), LATE_MS)) {
      try {
        lists.push({ lesson, resources: await pushed.list(lesson.lesson_id) })
      } catch (failure) {
        if (!(failure instanceof ApiError) || failure.unreachable || failure.status === 401) throw failure
        // Otherwise it is no lesson of ours any more: what was fetched for it goes.
      }
    }
    return lists
  }

  async function flush(): Promise<void> {
    try {
      await outbox.flush()
    } finally {
      unsent.value = outbox.waiting
    }
  }

  const status = fetcher === null ? null : (one: Parameters<PushFetcher['status']>[0]) => fetcher.status(one)
  const find = (lessonId: string): PushLesson | null => known.value.find((one) => one.lesson.lesson_id === lessonId) ?? null

  return {
    known,
    online,
    unsent,
    outbox,
    find,
    begin: () => void poll.now(),
    /** Asks once more before the lesson begins; without a network what is known stands. */
    refresh: () => poll.now(),
    readiness: (lessonId: string) => {
      void progress.value
      const one = find(lessonId)
      return one === null ? null : readinessOf(one.resources, status)
    },
    /** Seconds watched of all resources of a lesson. */
    watched: (lessonId: string): number =>
      (find(lessonId)?.resources.resources ?? []).reduce((sum, one) => sum + outbox.seconds(lessonId, one.resource_id), 0),
    toMakeUp: computed(() => toMakeUp(known.value, (lesson, resource) => outbox.seconds(lesson, resource), county.now.value)),
    flush: () => flush().catch(() => {}),
    /** Opens a resource from this computer, or over the network what is not here. */
    async open(one: PushedResource): Promise<OpenResource> {
      const wanted = wantedOf(one)
      const index = wanted === null ? null : (fetcher?.index(wanted) ?? null)
      if (store !== null && wanted !== null && index !== null && fetcher?.status(wanted).state === 'ready') {
        return { detail: index.detail, media: await openKept(wanted, index, store.part) }
      }
      const detail = await pushed.detail(one.resource_id)
      return { detail, media: { sources: detail.sources, close: () => {} } }
    },
  }
}

export type Pushes = ReturnType<typeof usePushes>
