import { beforeEach, describe, expect, it } from 'vitest'
import {
  APART_MS,
  REFRESH_MS,
  SAMPLE_EVERY_MS,
  SAMPLE_HEIGHT,
  SAMPLE_WIDTH,
  StillWatch,
  stillTries,
} from '../../../../src/core/classroom/stills/still_watch'

function page(seed: number): Uint8Array {
  return new Uint8Array(SAMPLE_WIDTH * SAMPLE_HEIGHT).map((_, index) => (seed === 0 ? 255 : (index * seed) % 251))
}

let watch: StillWatch
let now: number

beforeEach(() => {
  watch = new StillWatch()
  now = 0
})

/** Samples for so long; when stills were taken. */
function shown(sample: (now: number) => Uint8Array, ms: number, needed = false): number[] {
  const taken: number[] = []
  for (const until = now + ms; now < until; now += SAMPLE_EVERY_MS) {
    if (watch.see(sample(now), needed, now)) taken.push(now)
  }
  return taken
}

describe('stills of courseware', () => {
  it('are taken at the start, and not again while the page stands', () => {
    expect(shown(() => page(1), 120_000)).toEqual([0])
  })

  it('are refreshed while somebody lives on them', () => {
    expect(shown(() => page(1), 70_000, true)).toEqual([0, REFRESH_MS, 2 * REFRESH_MS])
  })

  it('are taken when a changed page stands', () => {
    shown(() => page(1), 10_000)
    expect(shown(() => page(2), 10_000)).toEqual([10_000 + SAMPLE_EVERY_MS])
  })

  it('wait for a page to stand, but not for ever', () => {
    shown(() => page(1), 10_000)
    const film = (at: number) => page(1 + at / SAMPLE_EVERY_MS)
    expect(shown(film, 24_000, true)).toHaveLength(4)
    expect(shown(film, 42_000)).toHaveLength(2) // nobody sees them: the newest is kept for who may
  })

  it('keep the server’s distance', () => {
    const taken = shown((at) => page(1 + Math.floor(at / 1000)), 30_000)
    const apart = taken.slice(1).map((at, index) => at - (taken[index] ?? 0))
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(APART_MS)
    expect(taken.length).toBeGreaterThan(10)
  })

  it('do not mind the pointer or the noise of scaling', () => {
    shown(() => page(0), 1000)
    const pointer = page(0)
    pointer.fill(0, 1000, 1005)
    const noise = page(0).map((value, index) => value - (index % 12))
    expect(shown(() => pointer, 5000)).toEqual([])
    expect(shown(() => noise, 5000)).toEqual([])
  })

  it('see a word that was added', () => {
    shown(() => page(0), 10_000)
    const word = page(0)
    word.fill(40, 1000, 1020)
    expect(shown(() => word, 5000)).toEqual([10_000 + SAMPLE_EVERY_MS])
  })

  it('are taken again when one got lost', () => {
    shown(() => page(1), 1000)
    watch.forget()
    expect(shown(() => page(1), 10_000)).toEqual([APART_MS])
  })
})

it('are made smaller until they fit, never larger than the picture', () => {
  const large = stillTries(1920, 1080)
  expect(large[0]).toEqual({ width: 1600, height: 900, quality: 0.8 })
  const legible = large.filter((one) => one.width >= 960)
  expect(legible.length).toBeGreaterThanOrEqual(6)
  expect(stillTries(800, 600).every((one) => one.width <= 800)).toBe(true)
})
