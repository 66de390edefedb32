import { expect, it } from 'vitest'
import type { TeacherEntry } from '../../../src/core/base/wire'
import { nodesView, roomsView, teachersView, usabilityOf } from '../../../src/core/directory/nouns'

const teacher: TeacherEntry = {
  person_id: 'p1',
  name: '王老师',
  login: 'wang',
  staff_no: null,
  school: { school_id: 's1', name: '中心小学' },
  subjects: [{ subject_id: 'm', name: '音乐' }],
  active: true,
  version: 3,
}

it('a form has the values of its entry, and names for the ids in it', () => {
  expect(teachersView.form(teacher)).toEqual({ name: '王老师', login: 'wang', staff_no: '', school_id: 's1', subject_ids: ['m'] })
  expect(teachersView.names(teacher)).toEqual({ s1: '中心小学', m: '音乐' })
  expect(teachersView.form({ ...teacher, school: null }).school_id).toBe('')
  const top = { node_id: 'cn', name: '中国', code: null, level: 'country', parent_id: null, parent: null, path: 'cn/', active: true, version: 1 } as const
  expect(nodesView.names(top)).toEqual({})
})

it('a room of a disabled school cannot be used', () => {
  const room = { room_id: 'r', name: '一', seats: null, school_id: 's', school: '校', school_active: false, active: true, version: 1 }
  expect(usabilityOf(room)).toBe('schoolOff')
  expect(usabilityOf({ ...room, school_active: true })).toBe('on')
  expect(usabilityOf({ ...room, active: false })).toBe('off')
  expect(roomsView.title(room)).toBe('校 一')
})
