import { describe, expect, it } from 'vitest'
import { detailText } from '../../../src/core/audit/details'

const WORDS: Record<string, string> = {
  'audit.fact.reason': '原因',
  'audit.fact.pupils': '人数',
  'audit.action.resource_pass': '审核通过',
  'audit.fact.deed': '操作',
  'audit.value.reason.power_fault': '电力故障',
}
const said = (facts: Parameters<typeof detailText>[0]) =>
  detailText(facts, (key) => WORDS[key] ?? null, (time) => `at ${time}`)

describe('the detail of an action', () => {
  it('names facts and codes', () => {
    expect(said([{ name: 'reason', value: 'power_fault', former: null }])).toBe('原因 电力故障')
  })
  it('names what was tried as the log names what was done', () => {
    expect(said([{ name: 'deed', value: 'resource_pass', former: null }])).toBe('操作 审核通过')
  })
  it('tells what was before', () => {
    expect(said([{ name: 'pupils', value: '12', former: '9' }])).toBe('人数 9 → 12')
  })
  it('shows free text, unknown codes and times', () => {
    expect(said([{ name: '', value: '王老师', former: null }])).toBe('王老师')
    expect(said([{ name: 'other', value: 'new_code', former: null }])).toBe('other new_code')
    expect(said([{ name: 'until', value: '2026-11-01T08:00:00Z', former: null }])).toBe('until at 2026-11-01T08:00:00Z')
  })
  it('does not take a text for a key', () => {
    expect(said([{ name: 'reason', value: 'a.b[0] {x}', former: null }])).toBe('原因 a.b[0] {x}')
  })
})
