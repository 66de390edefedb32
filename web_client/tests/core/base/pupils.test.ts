import { describe, expect, it } from 'vitest'
import { pupilsIn } from '../../../src/core/base/pupils'

describe('a number of pupils that is typed', () => {
  it.each([
    ['31', 31],
    [' 7 ', 7],
    ['300', 300],
    ['301', null],
    ['', null],
    ['-1', null],
    ['3.5', null],
    ['1e2', null],
  ])('%j is %s', (text, n) => expect(pupilsIn(text)).toBe(n))
})
