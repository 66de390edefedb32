/** What a kiosk knows of the lessons of 资源推送 that are ahead of it. */
import type { Lesson, LessonResources, PushedResource } from '../base/wire'
import type { FetchStatus, Wanted } from './fetcher'

const MAX_LESSONS = 12 // ahead, whose resources are fetched
const ENOUGH = 0.75 // of all resources; what is less is offered again after its time

/** The list of a lesson, as it was heard last. */
export interface PushLesson {
  readonly lesson: Lesson
  readonly resources: LessonResources
}

/** Plays: what the room may have. One that ends early can still be begun. */
export const mayPlay = (one: PushedResource): boolean =>
  one.version !== null && (one.trouble === null || one.trouble === 'ends_early')

export const wantedOf = (one: PushedResource): Wanted | null =>
  mayPlay(one) && one.version !== null ? { resourceId: one.resource_id, version: one.version } : null

/** Lessons whose resources are fetched, the next first; one whose time is over goes. */
export function ahead(lessons: readonly Lesson[], nowMs: number, lateMs: number): Lesson[] {
  return lessons
    .filter((one) => one.delivery_mode === 'resource_push' && one.state === 'scheduled')
    .filter((one) => Date.parse(one.ends_at) + lateMs > nowMs)
    .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
    .slice(0, MAX_LESSONS)
}

/** What is to be in the store, the next lesson's first, each once. */
export function allWanted(lessons: readonly PushLesson[]): Wanted[] {
  const found = new Map<string, Wanted>()
  for (const { resources } of lessons) {
    for (const one of resources.resources) {
      const wanted = wantedOf(one)
      if (wanted !== null && !found.has(one.resource_id)) found.set(one.resource_id, wanted)
    }
  }
  return [...found.values()]
}

/** The state of all that a lesson needs, in one word. */
export interface Readiness {
  readonly state: 'none' | 'ready' | 'fetching' | 'waiting' | 'making' | 'no_space' | 'refused' | 'not_kept'
  /** Of the bytes that are known. */
  readonly percent: number
  readonly leftBytes: number
}

const WORST = ['no_space', 'refused', 'making', 'fetching', 'waiting'] as const

export function readinessOf(list: LessonResources, status: ((one: Wanted) => FetchStatus) | null): Readiness {
  const wanted = list.resources.map(wantedOf).filter((one): one is Wanted => one !== null)
  if (wanted.length === 0) return { state: 'none', percent: 0, leftBytes: 0 }
  if (status === null) return { state: 'not_kept', percent: 0, leftBytes: 0 }
  const all = wanted.map(status)
  const done = all.reduce((sum, one) => sum + one.doneBytes, 0)
  const total = all.reduce((sum, one) => sum + (one.totalBytes ?? one.doneBytes), 0)
  if (all.every((one) => one.state === 'ready')) return { state: 'ready', percent: 100, leftBytes: 0 }
  const worst = WORST.find((state) => all.some((one) => one.state === state)) ?? 'fetching'
  // What was not begun yet has no size: then the share of the resources is told.
  const share = all.some((one) => one.totalBytes === null) ? all.reduce((sum, one) => sum + shareOf(one), 0) / all.length : done / Math.max(total, 1)
  return { state: worst, percent: Math.min(99, Math.floor(share * 100)), leftBytes: Math.max(0, total - done) }
}

const shareOf = (one: FetchStatus): number =>
  one.state === 'ready' ? 1 : one.totalBytes === null || one.totalBytes === 0 ? 0 : one.doneBytes / one.totalBytes

/** Whether a lesson may be begun or made up now. */
export function isOpen(list: LessonResources, nowMs: number): boolean {
  return Date.parse(list.opens_at) <= nowMs && nowMs < Date.parse(list.closes_at)
}

/** Lessons of today whose time went by before enough was watched: they can be made up for some hours. */
export function toMakeUp(lessons: readonly PushLesson[], watched: (lessonId: string, resourceId: string) => number, nowMs: number): Lesson[] {
  return lessons
    .filter(({ lesson, resources }) => Date.parse(lesson.ends_at) <= nowMs && isOpen(resources, nowMs))
    .filter(({ lesson, resources }) => {
      const playable = resources.resources.filter(mayPlay)
      const total = playable.reduce((sum, one) => sum + one.length_s, 0)
      const seen = playable.reduce((sum, one) => sum + watched(lesson.lesson_id, one.resource_id), 0)
      return total > 0 && seen < total * ENOUGH
    })
    .map(({ lesson }) => lesson)
}
