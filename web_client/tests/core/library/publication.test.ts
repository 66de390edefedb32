import { describe, expect, it } from 'vitest'
import { isPublishable, lastDay, spokenPassword } from '../../../src/core/library/publication'

const TODAY = '2026-11-29'

describe('a form of publishing', () => {
  it.each([
    ['', '', 'always', '', false, false],
    ['public', '', 'always', '', false, true],
    ['password', '', 'always', '', false, false],
    ['password', 'abcde', 'always', '', false, false],
    ['password', 'abcdef', 'always', '', false, true],
    ['password', '', 'always', '', true, true],
    ['password', 'abc', 'always', '', true, false],
    ['public', '', 'day', '', false, false],
    ['public', '', 'day', '2026-11-28', false, false],
    ['public', '', 'day', TODAY, false, true],
  ] as const)('%s %s %s %s (kept: %s) may be sent: %s', (scope, password, until, chosen, kept, may) =>
    expect(isPublishable(scope, password, until, chosen, TODAY, kept)).toBe(may),
  )

  it('ends on a day, or never', () => {
    expect(lastDay('always', TODAY, '')).toBeNull()
    expect(lastDay('week', TODAY, '')).toBe('2026-12-06')
    expect(lastDay('month', TODAY, '')).toBe('2026-12-29')
    expect(lastDay('day', TODAY, '2027-01-15')).toBe('2027-01-15')
  })

  it('offers a password without letters that are mistaken for others', () => {
    const made = spokenPassword(Array.from({ length: 256 }, (_, n) => n))
    expect(made).toHaveLength(256)
    expect(made).not.toMatch(/[iol01]/)
  })
})
