import { expect, it } from 'vitest'
import { settingsFor } from '../../../src/browser/library/media_source'

it('lets pictures that play side by side use the line once, together', () => {
  for (const pictures of [1, 2]) {
    const { abrBandWidthFactor: used = 0, abrBandWidthUpFactor: risen = 0 } = settingsFor(pictures)
    expect(pictures * used).toBeCloseTo(0.95)
    expect(pictures * risen).toBeCloseTo(0.7)
  }
})

it('plays the sound of a lesson without a picture, too', () => {
  expect(settingsFor(0).abrBandWidthFactor).toBe(settingsFor(1).abrBandWidthFactor)
})
