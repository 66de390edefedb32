/** The page of a lesson that somebody gets. The server's facts decide it, not the page's idea of roles. */
import type { Lesson, Role } from '../base/wire'

/** `teach`: the console. `watch`: pictures and sound, no device, no command. `facts`: what is known of the lesson. */
export type LessonView = 'teach' | 'watch' | 'facts'

export function lessonView(lesson: Pick<Lesson, 'seat' | 'may'>): LessonView {
  if (lesson.seat === null) return 'facts'
  if (lesson.seat === 'lead_teacher' && lesson.may.includes('start_lesson')) return 'teach'
  return lesson.may.includes('observe') || lesson.may.includes('take_part') ? 'watch' : 'facts'
}

/** The part of somebody who watches, for the words on the page. */
export type Watcher = 'assistant' | 'patrol' | 'observer'

const WATCHERS: Partial<Record<Role, Watcher>> = {
  assistant: 'assistant',
  county_admin: 'patrol',
  inspector: 'patrol',
}

export function watcherOf(lesson: Pick<Lesson, 'seat'>): Watcher {
  return (lesson.seat !== null && WATCHERS[lesson.seat]) || 'observer'
}
