import { describe, expect, it } from 'vitest'
import { merged } from '../../../src/core/directory/merge'
import { pairingsView, schoolsView } from '../../../src/core/directory/nouns'

const base = { county_id: 'c1', name: '中心小学', kind: 'school', code: '', uplink_mbps: '20', max_lessons: '' }
const told = (mine: object, theirs: object) => {
  const { form, changes } = merged(schoolsView.fields, base, { ...base, ...mine }, { ...base, ...theirs })
  return { form, changes: changes.map(({ field, was, is, mine: wish }) => [field.name, was, is, wish]) }
}

describe('a form whose entry somebody else changed', () => {
  it('keeps what was typed, and takes over what was left alone', () => {
    const { form, changes } = told({ name: '第一中心小学' }, { uplink_mbps: '50' })
    expect(form).toEqual({ ...base, name: '第一中心小学', uplink_mbps: '50' })
    expect(changes).toEqual([['uplink_mbps', '20', '50', null]])
  })

  it('shows both wishes where they differ, and keeps the own one', () => {
    const { form, changes } = told({ name: '第一小学' }, { name: '城关小学' })
    expect(form.name).toBe('第一小学')
    expect(changes).toEqual([['name', '中心小学', '城关小学', '第一小学']])
  })

  it('asks nothing where both wished the same, or only blanks were typed', () => {
    expect(told({ name: '城关小学' }, { name: '城关小学' }).changes).toEqual([['name', '中心小学', '城关小学', null]])
    expect(told({ name: '中心小学 ' }, { name: '城关小学' }).form.name).toBe('城关小学')
  })

  it('shows nothing where only its state was changed', () => {
    expect(told({ name: '第一小学' }, {}).changes).toEqual([])
  })

  it('compares lists of subjects as sets', () => {
    const pairing = { subject_ids: ['a', 'b'] }
    const { changes } = merged(pairingsView.fields, pairing, pairing, { subject_ids: ['b', 'a'] })
    expect(changes).toEqual([])
  })
})
