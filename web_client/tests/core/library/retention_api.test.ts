import { expect, it } from 'vitest'
import type { LegalHold } from '../../../src/core/base/wire'
import { bookOf, removalBar } from '../../../src/core/library/retention_api'

it('exports just what the list shows', () => {
  expect(bookOf({ kind: '', q: '', within: '', held: '', node: '' }, 'zh')).toEqual({ language: 'zh', kind: null, node_id: null, q: '', within: null, held: null })
  expect(bookOf({ kind: 'withdrawn', q: '浮力', within: '30', held: 'false', node: 'n1' }, 'en')).toEqual({ language: 'en', kind: 'withdrawn', node_id: 'n1', q: '浮力', within: 30, held: false })
})

const hold = {} as LegalHold

it('says why a resource cannot be deleted, what has to be done first before who may do it', () => {
  expect(removalBar({ kept_because: null, hold: null, may_delete: true })).toBeNull()
  expect(removalBar({ kept_because: 'no_rule', hold: null, may_delete: true })).toBeNull()
  expect(removalBar({ kept_because: 'rule_keeps', hold, may_delete: true })).toBe('held')
  expect(removalBar({ kept_because: 'published', hold, may_delete: false })).toBe('published')
  expect(removalBar({ kept_because: 'under_review', hold: null, may_delete: true })).toBe('under_review')
  expect(removalBar({ kept_because: null, hold, may_delete: false })).toBe('not_yours')
})
