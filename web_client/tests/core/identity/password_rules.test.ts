import { describe, expect, it } from 'vitest'
import { isGood, passwordMarks } from '../../../src/core/identity/password_rules'

describe('a new password', () => {
  it.each([
    ['Xue-7 ok', true],
    ['青山中心小学Aa1', true],
    ['Xue-7ok', false],
    ['xuexi2026', false],
    ['XUEXI---', false],
    ['WangLi-2026', false],
    ['', false],
  ])('%j is good: %j, as the server judges', (password, good) => {
    expect(isGood(passwordMarks(password, 'wangli'))).toBe(good)
  })

  it('may hold a short login by chance', () => {
    expect(isGood(passwordMarks('Li-beihai-26', 'li'))).toBe(true)
  })
})
