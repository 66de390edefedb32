import { expect, it } from 'vitest'
import { takesAgain } from '../../../../src/core/media/devices/device_choice'

it.each([
  ['the preferred one is back', 'desk', 'built-in', ['built-in', 'desk'], true],
  ['it is still away', 'desk', 'built-in', ['built-in'], false],
  ['it is in use', 'desk', 'desk', ['built-in', 'desk'], false],
  ['none is preferred', null, 'built-in', ['built-in', 'desk'], false],
  ['none is in use: any is taken, elsewhere', 'desk', null, ['desk'], false],
])('%s', (_, preferred, current, present, again) => {
  expect(takesAgain(preferred, current, present)).toBe(again)
})
