import { expect, it } from 'vitest'
import { isNarrowed, readQuery, sameQuery, writeQuery } from '../../../src/core/directory/list_query'

const NAMES = ['school_id', 'grade']

it('an address says what a list shows, and nothing that is usual', () => {
  const query = readQuery({ q: '山泉', state: 'all', school_id: 's1', other: 'x' }, NAMES)
  expect(query).toEqual({ q: '山泉', active: '', filters: { school_id: 's1' } })
  expect(writeQuery(query)).toEqual({ q: '山泉', state: 'all', school_id: 's1' })
  expect(writeQuery(readQuery({}, NAMES))).toEqual({})
  expect(writeQuery({ q: ' ', active: 'false', filters: { grade: '' } })).toEqual({ state: 'off' })
})

it('what nobody can have meant is the usual', () => {
  expect(readQuery({ q: ['a', 'b'], state: 'x', grade: null }, NAMES)).toEqual({ q: '', active: 'true', filters: {} })
})

it('a list is narrowed by words, filters and the state, but not by showing all', () => {
  const usual = readQuery({}, NAMES)
  expect(isNarrowed(usual)).toBe(false)
  expect(isNarrowed({ ...usual, active: '' })).toBe(false)
  expect(isNarrowed({ ...usual, active: 'false' })).toBe(true)
  expect(isNarrowed({ ...usual, filters: { grade: '一年级' } })).toBe(true)
  expect(isNarrowed({ ...usual, q: ' a' })).toBe(true)
})

it('two questions are the same whatever their order', () => {
  const one = { q: 'a', active: 'true', filters: { grade: '1', school_id: 's' } } as const
  expect(sameQuery(one, { q: 'a ', active: 'true', filters: { school_id: 's', grade: '1' } })).toBe(true)
  expect(sameQuery(one, { ...one, active: '' })).toBe(false)
})
