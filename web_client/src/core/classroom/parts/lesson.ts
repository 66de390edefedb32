/** The lesson's own state in its room. */
import type { LessonNow } from '../../base/wire'
import type { Part } from './part'

export interface LessonPiece {
  readonly lesson: LessonNow
}

export const lesson: Part<LessonPiece> = {
  fromSnapshot: (message) => ({ lesson: message.lesson }),
  reduce: (_, message) => (message.type === 'lesson_changed' ? { lesson: message.lesson } : null),
}
