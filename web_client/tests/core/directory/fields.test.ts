import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import { blamed, bodyOf, faultsOf, same } from '../../../src/core/directory/fields'
import { emptyForm, pairingsView, schoolsView, subjectsView, teachersView } from '../../../src/core/directory/nouns'

const school = { county_id: 'c1', name: ' 中心小学 ', kind: 'center_school', code: '', uplink_mbps: '', max_lessons: '' }

describe('a form', () => {
  it('becomes the body that creates: trimmed, with null for what is empty', () => {
    expect(bodyOf(schoolsView.fields, school, null)).toEqual({
      county_id: 'c1',
      name: '中心小学',
      kind: 'center_school',
      code: null,
      uplink_mbps: null,
      max_lessons: null,
    })
  })

  it('becomes the body that changes: with the version, without what was set at creation', () => {
    const body = bodyOf(schoolsView.fields, { ...school, uplink_mbps: '４.5', code: '１234567890' }, 7)
    expect(body).toEqual({ version: 7, name: '中心小学', kind: 'center_school', code: '1234567890', uplink_mbps: 4.5, max_lessons: null })
  })

  it('is not sent with what cannot be', () => {
    const faults = (more: object) => faultsOf(schoolsView.fields, { ...school, ...more }, true)
    expect(faults({})).toEqual({})
    expect(faults({ name: '  ', kind: '' })).toEqual({ name: 'required', kind: 'required' })
    expect(faults({ code: '12345' })).toEqual({ code: 'digits' })
    expect(faults({ uplink_mbps: '很快', max_lessons: '1.5' })).toEqual({ uplink_mbps: 'number', max_lessons: 'whole' })
    expect(faults({ uplink_mbps: '-1', max_lessons: '0' })).toEqual({ uplink_mbps: 'range', max_lessons: 'range' })
    expect(faultsOf(pairingsView.fields, emptyForm(pairingsView.fields), true)).toMatchObject({ subject_ids: 'required' })
  })

  it('is not blamed for what cannot be changed any more', () => {
    expect(faultsOf(subjectsView.fields, { name: '音乐', position: '3' }, false)).toEqual({})
    expect(faultsOf(subjectsView.fields, { name: '音乐', position: '3' }, true)).toEqual({ county_id: 'required' })
  })

  it('begins with what is known', () => {
    expect(emptyForm(teachersView.fields, { school_id: 's1', kind: 'school' })).toEqual({
      name: '',
      school_id: 's1',
      staff_no: '',
      login: '',
      subject_ids: [],
    })
  })
})

it('values are the same whatever their blanks and order', () => {
  expect(same(' a ', 'a')).toBe(true)
  expect(same(['b', 'a'], ['a', 'b'])).toBe(true)
  expect(same(['a'], ['a', 'b'])).toBe(false)
  expect(same(undefined, '')).toBe(true)
})

it('the server blames a field of the form, or none of them', () => {
  const problem = (field: string | null) => new ApiError(422, 'invalid', '', field)
  expect(blamed(problem('name'), schoolsView.fields)).toBe('name')
  expect(blamed(problem('subject_ids[2]'), teachersView.fields)).toBe('subject_ids')
  expect(blamed(problem('version'), schoolsView.fields)).toBe(null)
  expect(blamed(problem(null), schoolsView.fields)).toBe(null)
  expect(blamed(new Error('no'), schoolsView.fields)).toBe(null)
})
