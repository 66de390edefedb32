import { describe, expect, it } from 'vitest'
import { readLines } from '../../../src/core/identity/account_lines'

describe('lines of accounts', () => {
  it('are read as they come from a sheet', () => {
    const { accounts, problems } = readLines('林老师\tlin\t1001\r\n\n 周老师 zhou\n吴老师，wu，7', 's1', ['lead_teacher'])
    expect(problems).toEqual([])
    expect(accounts.map(({ name, login, staff_no }) => [name, login, staff_no])).toEqual([
      ['林老师', 'lin', '1001'],
      ['周老师', 'zhou', null],
      ['吴老师', 'wu', '7'],
    ])
    expect(accounts.every((one) => one.node_id === 's1' && one.roles?.[0] === 'lead_teacher')).toBe(true)
  })

  it('are named where they cannot be', () => {
    const { accounts, problems } = readLines('林老师\n周老师 zhou\n吴老师 ZHOU\n郑老师 郑', 's1', [])
    expect(accounts.map((one) => one.login)).toEqual(['zhou'])
    expect(problems).toEqual([
      { line: 1, why: 'login' },
      { line: 3, why: 'twice' },
      { line: 4, why: 'login' },
    ])
  })
})
