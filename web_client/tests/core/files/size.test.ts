import { expect, it } from 'vitest'
import { sizeParts } from '../../../src/core/files/size'

it.each([
  [1, 'kilobytes', '1'],
  [200_000, 'kilobytes', '195'],
  [1024 * 1024, 'megabytes', '1'],
  [1_600_000, 'megabytes', '1.5'],
  [20 * 1024 * 1024, 'megabytes', '20'],
] as const)('says %i bytes in %s', (bytes, unit, n) => {
  expect(sizeParts(bytes)).toEqual({ unit, n })
})
