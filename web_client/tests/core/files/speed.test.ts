import { expect, it } from 'vitest'
import { Speed } from '../../../src/core/files/speed'

it('knows nothing at first', () => {
  const speed = new Speed()
  speed.note(0, 0)
  speed.note(1000, 1000)
  expect(speed.bytesPerS).toBeNull()
  expect(speed.leftS(10)).toBeNull()
})

it('tells of the last seconds, not of the whole', () => {
  const speed = new Speed()
  for (let s = 0; s <= 60; s += 1) speed.note(s * 1000, s * 1000)
  for (let s = 61; s <= 90; s += 1) speed.note(s * 1000, 60_000 + (s - 60) * 100)
  expect(speed.bytesPerS).toBeCloseTo(100)
  expect(speed.leftS(1000)).toBe(10)
})

it('begins anew where bytes got lost', () => {
  const speed = new Speed()
  speed.note(0, 0)
  speed.note(5000, 5000)
  speed.note(6000, 2000)
  expect(speed.bytesPerS).toBeNull()
})
