/** Finds the lesson that matters now, for the teacher's cards and the classroom's one card. */
import type { Lesson } from '../base/wire'

const OPEN_BEFORE_MS = 30 * 60_000 // a room may be entered this long before the lesson

/** Lessons by start time; a cancelled one stays in its place. */
export function byStart(lessons: readonly Lesson[]): Lesson[] {
  return [...lessons].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
}

/** The lessons of days in a row, by start time; one over midnight stands in both days and comes once. */
export function joinDays(...days: readonly (readonly Lesson[])[]): Lesson[] {
  const all = new Map<string, Lesson>()
  for (const day of days) for (const lesson of day) all.set(lesson.lesson_id, lesson)
  return byStart([...all.values()])
}

/**
 * The lesson to show: the live one, else the next that has not ended (a late teacher may still start it
 * until its planned end), else none.
 */
export function currentLesson(lessons: readonly Lesson[], serverNowMs: number): Lesson | null {
  const ordered = byStart(lessons)
  return (
    ordered.find((one) => one.state === 'live') ??
    ordered.find((one) => one.state === 'scheduled' && Date.parse(one.ends_at) > serverNowMs) ??
    null
  )
}

/** Whether a classroom may enter now: the lesson is live, or starts soon. */
export function mayEnter(lesson: Lesson, serverNowMs: number): boolean {
  if (lesson.state === 'live') return true
  return (
    lesson.state === 'scheduled' && Date.parse(lesson.starts_at) - OPEN_BEFORE_MS <= serverNowMs
  )
}
