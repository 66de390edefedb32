import { expect, it } from 'vitest'
import { matches } from '../../../src/core/directory/room_filter'

it.each([
  ['', true],
  ['山泉', true],
  ['一年级', true],
  ['一年级 山泉', true],
  ['山泉 二年级', false],
  ['１班', true],
  ['山泉教学点一年级', true],
])('“%s” finds 山泉教学点 一年级1班: %s', (query, found) => {
  expect(matches(query, '山泉教学点', '一年级 1班')).toBe(found)
})

it('knows no case', () => {
  expect(matches('lab', 'School', 'LAB 2')).toBe(true)
})
