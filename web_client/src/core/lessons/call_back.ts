/** Calls a room back that does something else when its next lesson is near. */
import type { Lesson } from '../base/wire'

const CALL_BEFORE_MS = 10 * 60_000 // long enough to end calmly

/** `minutes` until the planned begin, rounded up; 0 where the time has come. */
export interface CallBack {
  readonly kind: 'soon' | 'due' | 'live'
  readonly minutes: number
}

export function callBack(lesson: Lesson | null, serverNowMs: number): CallBack | null {
  if (lesson === null) return null
  if (lesson.state === 'live') return { kind: 'live', minutes: 0 }
  const left = Date.parse(lesson.starts_at) - serverNowMs
  if (lesson.state !== 'scheduled' || left > CALL_BEFORE_MS) return null
  return left > 0 ? { kind: 'soon', minutes: Math.ceil(left / 60_000) } : { kind: 'due', minutes: 0 }
}
