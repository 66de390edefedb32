import { describe, expect, it } from 'vitest'
import type { LibraryFacets } from '../../../src/core/base/wire'
import { addressOf, choicesOf, chosenCount, NO_QUESTION, questionOf } from '../../../src/core/library/library_question'

describe('what is looked for', () => {
  it('stands in the address, there and back', () => {
    const question = { ...NO_QUESTION, q: 'fuli', subject: '物理' }
    expect(addressOf(question)).toEqual({ q: 'fuli', subject: '物理' })
    expect(questionOf(addressOf(question))).toEqual(question)
    expect(chosenCount(question)).toBe(1)
  })

  it('is nothing where the address holds something else', () => {
    expect(questionOf({ q: ['a', 'b'], subject: null, other: 'x' })).toEqual(NO_QUESTION)
    expect(questionOf({ q: 'x'.repeat(500) }).q.length).toBe(80)
  })
})

describe('the values of a facet', () => {
  const facets = { grades: [{ value: '', count: 9 }, { value: '一年级', count: 2 }] } as unknown as LibraryFacets
  it('are those that were found, and the chosen one in any case', () => {
    expect(choicesOf(facets, 'grade', '')).toEqual([{ value: '一年级', count: 2 }])
    expect(choicesOf(facets, 'grade', '一年级').length).toBe(1)
    expect(choicesOf(facets, 'grade', '九年级')[0]).toEqual({ value: '九年级', count: 0 })
  })
})
