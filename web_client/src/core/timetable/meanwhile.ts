/** What somebody else changed while a page was about to change the same. */
import { ApiError } from '../base/rest'
import type { TimetableLesson } from '../base/wire'

/** Who changed it and when, as far as the server says; the words of a kind are the page's. */
export interface Meanwhile {
  readonly by: string
  readonly at: string
  readonly kind: string
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The facts of a refusal because of another person's change, or null for any other failure. */
export function meanwhileOf(failure: unknown): Meanwhile | null {
  if (!(failure instanceof ApiError) || failure.code !== 'changed_meanwhile') return null
  const { by, at, kind } = failure.facts
  return { by: text(by), at: text(at), kind: text(kind) }
}

export type Difference = 'time' | 'teacher' | 'rooms' | 'state' | 'title'

/** In what a lesson as it stands differs from the one that the page showed. */
export function differences(shown: TimetableLesson, now: TimetableLesson): Difference[] {
  const rooms = (one: TimetableLesson) =>
    [one.lead_room?.room_id ?? '', ...one.seats.map((seat) => seat.room.room_id)].join('/')
  const found: [Difference, boolean][] = [
    ['time', shown.starts_at !== now.starts_at || shown.ends_at !== now.ends_at],
    ['teacher', shown.lead_teacher.person_id !== now.lead_teacher.person_id],
    ['rooms', rooms(shown) !== rooms(now)],
    ['state', shown.state !== now.state],
    ['title', shown.title !== now.title],
  ]
  return found.filter(([, differs]) => differs).map(([name]) => name)
}
