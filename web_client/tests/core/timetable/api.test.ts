import { expect, it } from 'vitest'
import { pathOf } from '../../../src/core/timetable/api'

it('escapes what stands in paths', () => {
  expect(pathOf('lessons', 'a/b?', 'move')).toBe('/api/timetable/lessons/a%2Fb%3F/move')
})
