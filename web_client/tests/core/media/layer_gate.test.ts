import { expect, it } from 'vitest'
import { activeLayers } from '../../../src/core/media/layer_gate'

const ALL = ['l', 'm', 'h']

it.each([
  ['unknown: everything', null, false, ALL],
  ['what somebody takes', ['h'], false, ['h']],
  ['in the order of the encodings', ['h', 'l'], false, ['l', 'h']],
  ['nobody', [], false, []],
  ['a layer that this source has not', ['x'], false, []],
  ['squeezed: what the browser can fall back on', ['h'], true, ALL],
  ['squeezed: nothing above the wanted one', ['m'], true, ['l', 'm']],
  ['squeezed and nobody', [], true, []],
])('%s', (_, wanted, squeezed, expected) => {
  expect(activeLayers(ALL, wanted, squeezed)).toEqual(expected)
})
