import { describe, expect, it } from 'vitest'
import { offered, stepped } from '../../../src/core/classroom/count_form'

describe('the number that a room is offered', () => {
  it.each([
    [12, 31, '30', { from: 'counted', n: 12 }],
    [0, 31, '30', { from: 'counted', n: 0 }],
    [null, 31, '30', { from: 'class', n: 31 }],
    [null, undefined, '30', { from: 'last', n: 30 }],
    [null, 0, null, null],
    [null, undefined, 'x', null],
    [null, undefined, '0', null],
  ])('counted %s, class %s, last %s', (counted, size, last, expected) => {
    expect(offered(counted, size, last)).toEqual(expected)
  })
})

describe('a press of a button', () => {
  it('stays within the bounds', () => {
    expect([stepped('', 1), stepped('3', -5), stepped('298', 5), stepped('31', -1)]).toEqual(['1', '0', '300', '30'])
  })
})
