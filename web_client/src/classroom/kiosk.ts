/** The kiosk's life outside a lesson: who this room is, what is on today, and which lesson it was in. */
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { browserClock } from '../browser/base/clock'
import { county } from '../browser/base/county'
import { identity, rest, whichTerminal } from '../browser/identity/identity'
import { memory } from '../browser/base/memory'
import { AccessAhead } from '../core/classroom/access_ahead'
import { dayAfter } from '../core/base/county_time'
import { currentLesson, joinDays } from '../core/lessons/day_plan'
import type { KnownAhead } from '../core/classroom/known_ahead'
import { NOTHING_KNOWN } from '../core/classroom/known_ahead'
import { ApiError } from '../core/base/rest'
import type { Lesson, RecordingSummary } from '../core/base/wire'

export type KioskPhase = 'starting' | 'unreachable' | 'signed_out' | 'today' | 'lesson' | 'push' | 'rewatch' | 'over'

const POLL_MS = 5000
const RETRY_MS = 2000
const OVER_MS = 10_000 // how long 本节课已结束 stays
const IN_LESSON = 'inLesson' // survives a reload and a power cut

export function useKiosk() {
  const phase = ref<KioskPhase>('starting')
  const lessons = shallowRef<readonly Lesson[]>([])
  const lessonId = ref<string | null>(null)
  const watched = shallowRef<RecordingSummary | null>(null) // what is played in 补看
  const current = computed(() => currentLesson(lessons.value, county.now.value))
  const known = shallowRef<KnownAhead>(NOTHING_KNOWN)
  const ahead = new AccessAhead(
    browserClock,
    (id) => rest.mediaAccess(id),
    county.serverNow,
  )
  let timer: number | undefined

  function after(delayMs: number, run: () => void): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(run, delayMs)
  }

  /** Finds out who this room is; keeps asking while the server is away. */
  async function begin(): Promise<void> {
    try {
      const who = await whichTerminal()
      if (who?.room) await goToday()
      else phase.value = 'signed_out'
    } catch {
      phase.value = 'unreachable'
      after(RETRY_MS, () => void begin())
    }
  }

  async function goToday(): Promise<void> {
    phase.value = 'today'
    lessonId.value = null
    await refresh()
  }

  async function refresh(): Promise<void> {
    try {
      lessons.value = await nextLessons()
      if (phase.value === 'unreachable') phase.value = 'today'
      if (phase.value === 'today') returnToLesson()
      if (phase.value === 'today') ahead.keep(current.value?.delivery_mode === 'resource_push' ? null : current.value)
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401) {
        after(0, () => void begin())
        return
      }
      if (phase.value === 'today') phase.value = 'unreachable'
    }
    if (phase.value === 'today' || phase.value === 'rewatch' || phase.value === 'unreachable') {
      after(phase.value === 'unreachable' ? RETRY_MS : POLL_MS, () => void refresh())
    }
  }

  /** Today's lessons; when the last of them is over, tomorrow's, too: one may begin right after midnight. */
  async function nextLessons(): Promise<readonly Lesson[]> {
    const day = county.today.value
    const { lessons: today } = await rest.lessons(day)
    if (currentLesson(today, county.serverNow()) !== null) return joinDays(today)
    return joinDays(today, (await rest.lessons(dayAfter(day, 1))).lessons)
  }

  /** After a reload or a power cut: straight back, without a click. */
  function returnToLesson(): void {
    const before = memory.get(IN_LESSON)
    const lesson = lessons.value.find((one) => one.lesson_id === before)
    if (lesson?.state === 'live' || lesson?.state === 'scheduled') enter(lesson)
    else memory.set(IN_LESSON, null)
  }

  function enter(lesson: Lesson): void {
    window.clearTimeout(timer)
    memory.set(IN_LESSON, lesson.lesson_id)
    lessonId.value = lesson.lesson_id
    if (lesson.delivery_mode === 'resource_push') {
      phase.value = 'push'
      return
    }
    known.value = { live: lesson.state === 'live', access: ahead.take(lesson.lesson_id) }
    phase.value = 'lesson'
  }

  /** 补看: the lessons of the day are still asked for, because the next one calls back. */
  function rewatch(recording: RecordingSummary): void {
    watched.value = recording
    phase.value = 'rewatch'
  }

  function leave(): void {
    memory.set(IN_LESSON, null)
    void goToday()
  }

  function over(): void {
    memory.set(IN_LESSON, null)
    lessonId.value = null
    phase.value = 'over'
    after(OVER_MS, () => void goToday())
  }

  async function signOut(): Promise<void> {
    memory.set(IN_LESSON, null)
    await rest.logout()
    identity.value = null
    phase.value = 'signed_out'
  }

  onScopeDispose(() => {
    window.clearTimeout(timer)
  })

  return {
    phase,
    lessons,
    lessonId,
    watched,
    known,
    now: county.now,
    current,
    begin,
    goToday,
    enter,
    rewatch,
    leave,
    over,
    signOut,
  }
}
