import { describe, expect, it } from 'vitest'
import { callBack } from '../../../src/core/lessons/call_back'
import type { Lesson, LessonState } from '../../../src/core/base/wire'

describe('the next lesson', () => {
  const lesson = (state: LessonState) => ({ state, starts_at: '2026-11-24T02:00:00Z' }) as Lesson
  const at = (hour: string) => Date.parse(`2026-11-24T${hour}Z`)

  it('calls a room back from ten minutes before', () => {
    expect(callBack(lesson('scheduled'), at('01:49:59'))).toBeNull()
    expect(callBack(lesson('scheduled'), at('01:50:00'))).toEqual({ kind: 'soon', minutes: 10 })
    expect(callBack(lesson('scheduled'), at('01:59:30'))).toEqual({ kind: 'soon', minutes: 1 })
    expect(callBack(lesson('scheduled'), at('02:00:00'))).toEqual({ kind: 'due', minutes: 0 })
  })

  it('calls at once when it is live, whenever it was planned', () => {
    expect(callBack(lesson('live'), at('01:00:00'))).toEqual({ kind: 'live', minutes: 0 })
  })

  it('is silent of a lesson that is over or cancelled, and of none', () => {
    expect(callBack(lesson('cancelled'), at('02:00:00'))).toBeNull()
    expect(callBack(lesson('ended'), at('02:00:00'))).toBeNull()
    expect(callBack(null, at('02:00:00'))).toBeNull()
  })
})
