import { expect, it } from 'vitest'
import { leftParts } from '../../../src/core/files/left'

it.each([
  [0, { key: 'leftSeconds', n: 10 }],
  [89, { key: 'leftSeconds', n: 90 }],
  [91, { key: 'leftMinutes', n: 2 }],
  [3 * 3600, { key: 'leftHours', h: 3, m: 0 }],
])('says %i s as people do', (seconds, told) => {
  expect(leftParts(seconds)).toEqual(told)
})
