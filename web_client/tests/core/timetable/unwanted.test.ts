import { expect, it } from 'vitest'
import { changesBetween, markAt, marksOf, nextMark, owners, painted, weekOf, wishesOf } from '../../../src/core/timetable/unwanted'
import type { UnwantedPeriod } from '../../../src/core/base/wire'

const wish = (wish_id: string, weekday: number | null, period: number, more: Partial<UnwantedPeriod> = {}): UnwantedPeriod => ({
  wish_id,
  county_id: 'c',
  weekday,
  period,
  subject_id: null,
  teacher_id: 'wang',
  school_id: null,
  level: 'avoid',
  owner: '王老师',
  ...more,
})

it('reads a wish without a weekday as every day, and 不可 over 不宜', () => {
  const marks = marksOf([wish('1', 2, 3, { level: 'forbid' }), wish('2', null, 3)])
  expect([1, 2, 7].map((day) => markAt(marks, day, 3))).toEqual(['avoid', 'forbid', 'avoid'])
  expect(markAt(marks, 1, 1)).toBe('free')
})

it('paints cells and counts what changed', () => {
  const before = marksOf([wish('1', 1, 1)])
  const after = painted(painted(before, ['1.1', '1.2'], 'forbid'), ['5.5'], 'free')
  expect(after).toEqual({ '1.1': 'forbid', '1.2': 'forbid' })
  expect([changesBetween(before, after), changesBetween(after, painted(after, ['1.1', '1.2'], 'free'))]).toEqual([2, 2])
  expect((['free', 'avoid', 'forbid'] as const).map(nextMark)).toEqual(['avoid', 'forbid', 'free'])
})

it('sends the whole week of one owner, with the ids that the page showed', () => {
  const wishes = [wish('1', 1, 1), wish('2', null, 2), wish('3', 1, 1, { teacher_id: null, school_id: 's', owner: '山泉' })]
  expect(wishesOf(wishes, 'school', 's').map((one) => one.wish_id)).toEqual(['3'])
  expect(weekOf('c', 'teacher', 'wang', wishes, { '3.2': 'forbid' })).toEqual({
    county_id: 'c',
    teacher_id: 'wang',
    marks: [{ weekday: 3, period: 2, level: 'forbid' }],
    seen: ['1', '2'],
  })
  expect(owners(wishes)).toEqual([
    { kind: 'teacher', id: 'wang', name: '王老师', avoid: 8, forbid: 0 },
    { kind: 'school', id: 's', name: '山泉', avoid: 1, forbid: 0 },
  ])
})
