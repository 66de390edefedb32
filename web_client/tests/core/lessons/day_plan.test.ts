import { describe, expect, it } from 'vitest'
import { currentLesson, joinDays, mayEnter } from '../../../src/core/lessons/day_plan'
import type { Lesson, LessonState } from '../../../src/core/base/wire'

describe('the day', () => {
  const lesson = (id: string, state: LessonState, start: string, end: string) =>
    ({ lesson_id: id, state, starts_at: `2026-11-22T${start}:00Z`, ends_at: `2026-11-22T${end}:00Z` }) as Lesson
  const at = (hour: string) => Date.parse(`2026-11-22T${hour}:00Z`)
  const day = [
    lesson('c', 'scheduled', '03:00', '03:40'),
    lesson('a', 'ended', '01:00', '01:40'),
    lesson('b', 'scheduled', '02:00', '02:40'),
  ]

  it('shows the next lesson until its planned end, and a live one before all', () => {
    expect(currentLesson(day, at('01:50'))?.lesson_id).toBe('b')
    expect(currentLesson(day, at('02:39'))?.lesson_id).toBe('b')
    expect(currentLesson(day, at('02:41'))?.lesson_id).toBe('c')
    expect(currentLesson([...day, lesson('d', 'live', '00:10', '00:20')], at('02:00'))?.lesson_id).toBe('d')
    expect(currentLesson(day, at('05:00'))).toBeNull()
  })

  it('opens the door half an hour before', () => {
    const next = lesson('b', 'scheduled', '02:00', '02:40')
    expect(mayEnter(next, at('01:29'))).toBe(false)
    expect(mayEnter(next, at('01:30'))).toBe(true)
    expect(mayEnter(lesson('x', 'cancelled', '02:00', '02:40'), at('02:00'))).toBe(false)
  })

  it('shows a lesson over midnight once, and after the last lesson the first of tomorrow', () => {
    const over = { ...lesson('o', 'scheduled', '15:40', '15:59'), ends_at: '2026-11-22T16:20:00Z' } as Lesson
    const early = { ...over, lesson_id: 'e', starts_at: '2026-11-22T16:20:00Z', ends_at: '2026-11-22T17:00:00Z' } as Lesson
    const both = joinDays([...day, over], [over, early])
    expect(both.map((one) => one.lesson_id)).toEqual(['a', 'b', 'c', 'o', 'e'])
    expect(currentLesson(both, at('16:00'))?.lesson_id).toBe('o')
    expect(currentLesson(both, at('16:25'))?.lesson_id).toBe('e')
    expect(mayEnter(early, at('15:50'))).toBe(true)
  })
})
