import { expect, it } from 'vitest'
import { CountyZone } from '../../../src/core/base/county_time'
import { isNews, mondayOf, myDays, newsFrom, nextOf } from '../../../src/core/timetable/my_days'
import { DAYS, lessonAt } from '../../support/timetable'

const TODAY = '2026-09-15'

it('gives each day its lessons by start', () => {
  const lessons = [lessonAt('b', TODAY, 3), lessonAt('a', TODAY, 1), lessonAt('c', '2026-09-17', 1)]
  const days = myDays({ days: DAYS, lessons }, TODAY)
  expect(days.map((one) => one.lessons.map((lesson) => lesson.lesson_id))).toEqual([[], ['a', 'b'], [], ['c'], [], [], []])
  expect(days.filter((one) => one.isToday).map((one) => one.weekday)).toEqual([2])
})

it('marks what changed since yesterday began in the county', () => {
  const since = newsFrom(new CountyZone('Asia/Shanghai'), TODAY)
  const changed = (at: string) => isNews(lessonAt('a', TODAY, 1, { change: 'move', changed_at: at }), since)
  expect(changed('2026-09-13T15:59:59Z')).toBe(false)
  expect(changed('2026-09-13T16:00:00Z')).toBe(true)
  expect(isNews(lessonAt('a', TODAY, 1), since)).toBe(false)
})

it('finds the Monday of a week', () => {
  expect(['2026-09-14', '2026-09-20', '2026-10-01'].map(mondayOf)).toEqual(['2026-09-14', '2026-09-14', '2026-09-28'])
})

it('finds the lesson that matters next', () => {
  const lessons = [lessonAt('a', TODAY, 1), lessonAt('b', TODAY, 2, { state: 'cancelled' }), lessonAt('c', TODAY, 3)]
  const at = (hour: string) => Date.parse(`${TODAY}T${hour}:00+08:00`)
  expect(nextOf(lessons, at('09:10'))?.lesson_id).toBe('a')
  expect(nextOf(lessons, at('09:50'))?.lesson_id).toBe('c')
  expect(nextOf(lessons, at('12:00'))).toBeNull()
})
