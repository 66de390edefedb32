import { expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import { differences, meanwhileOf } from '../../../src/core/timetable/meanwhile'
import { lessonAt } from '../../support/timetable'

it('knows a change by somebody else, and its facts', () => {
  const facts = { by: '李管理员', at: '2026-09-15T01:00:00Z', kind: 'move' }
  expect(meanwhileOf(new ApiError(409, 'changed_meanwhile', '', null, null, facts))).toEqual(facts)
  expect(meanwhileOf(new ApiError(409, 'changed_meanwhile', '', null))).toEqual({ by: '', at: '', kind: '' })
  expect(meanwhileOf(new ApiError(409, 'timetable_clash', '', null))).toBeNull()
  expect(meanwhileOf(new Error())).toBeNull()
})

it('names in what two states of a lesson differ', () => {
  const shown = lessonAt('a', '2026-09-15', 1)
  expect(differences(shown, { ...shown, version: 3 })).toEqual([])
  const now = lessonAt('a', '2026-09-16', 2, { state: 'cancelled', seats: [], title: shown.title })
  expect(differences(shown, now)).toEqual(['time', 'rooms', 'state'])
  expect(differences(shown, { ...shown, lead_teacher: { person_id: 'li', name: '李' } })).toEqual(['teacher'])
})
