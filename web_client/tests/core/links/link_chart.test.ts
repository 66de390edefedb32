import { describe, expect, it } from 'vitest'
import type { Axis } from '../../../src/core/links/link_chart'
import {
  largest,
  linePath,
  LINK_STATES,
  mostly,
  niceCeiling,
  pointAt,
  seenBands,
  shares,
  timeTicks,
} from '../../../src/core/links/link_chart'
import type { LinkPoint, SeenSeconds } from '../../../src/core/base/wire'

const START = Date.parse('2026-11-22T00:00:00Z')
const AXIS: Axis = { startMs: START, endMs: START + 100_000, stepMs: 10_000, width: 1000 }
const NOTHING: SeenSeconds = { h: 0, m: 0, l: 0, stills: 0, sound: 0, offline: 0 }

function point(step: number, bps: number | null, seen: Partial<SeenSeconds> = {}): LinkPoint {
  return {
    at: new Date(START + step * 10_000).toISOString(),
    carries_min_bps: bps,
    carries_mean_bps: bps,
    queue_ms: null,
    loss: null,
    rtt_ms: null,
    limit: 'none',
    uplink: null,
    switches: 0,
    seen: { ...NOTHING, ...seen },
    link: { good: 10, fair: 0, poor: 0, offline: 0 },
  }
}
const mean = (one: LinkPoint) => one.carries_mean_bps

describe('a line', () => {
  it('runs through the middle of each step, to scale', () => {
    expect(linePath(AXIS, [point(0, 0), point(1, 50), point(2, 100)], mean, 100, 80)).toBe(
      'M50 80h0.1L150 40L250 0',
    )
  })

  it('breaks where nothing was recorded or measured', () => {
    const path = linePath(AXIS, [point(0, 50), point(1, null), point(2, 50), point(5, 50)], mean, 100, 80)
    expect(path.match(/M/g)).toHaveLength(3)
  })

  it('stays inside', () => {
    expect(linePath(AXIS, [point(0, 900)], mean, 100, 80)).toBe('M50 0h0.1')
  })
})

describe('what was seen', () => {
  it('is drawn in one piece while it stays the same', () => {
    const points = [point(0, 1, { h: 10 }), point(1, 1, { h: 6, sound: 4 }), point(2, 1, { sound: 10 }), point(4, 1, { sound: 10 })]
    expect(seenBands(AXIS, points)).toEqual([
      { x: 0, width: 200, seen: 'h' },
      { x: 200, width: 100, seen: 'sound' },
      { x: 400, width: 100, seen: 'sound' },
    ])
  })

  it('is the worse of equals, and nothing where there was nothing', () => {
    expect(mostly({ ...NOTHING, h: 5, sound: 5 })).toBe('sound')
    expect(mostly(NOTHING)).toBeNull()
    expect(seenBands(AXIS, [point(0, 1)])).toEqual([])
  })
})

it('gives shares of what there was', () => {
  expect(shares({ good: 30, fair: 0, poor: 10, offline: 0 }, LINK_STATES)).toEqual([
    { key: 'good', share: 0.75 },
    { key: 'poor', share: 0.25 },
  ])
  expect(shares({ good: 0, fair: 0, poor: 0, offline: 0 }, LINK_STATES)).toEqual([])
})

it('ends axes at round figures', () => {
  expect([0, 0.013, 1, 180, 2_100_000, 1e7].map(niceCeiling)).toEqual([1, 0.02, 1, 200, 5_000_000, 1e7])
  expect(largest([], mean)).toBe(0)
})

it('finds the step that is pointed at', () => {
  const points = [point(0, 1), point(2, 2)]
  expect(pointAt(AXIS, points, 250)).toBe(points[1])
  expect(pointAt(AXIS, points, 150)).toBeNull()
})

it('writes round times under it', () => {
  const lesson = { ...AXIS, endMs: START + 40 * 60_000 }
  expect(timeTicks(lesson, 10).map((at) => (at - START) / 60_000)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40])
})
