import { describe, expect, it } from 'vitest'
import { failureOf, level, LevelMeter } from '../../../../src/core/media/devices/device_check'

describe('the level meter', () => {
  const tone = (amplitude: number) => Array.from({ length: 480 }, (_, i) => amplitude * Math.sin(i / 3))

  it('shows silence as nothing and full scale as nearly everything', () => {
    expect(level([])).toBe(0)
    expect(level(tone(0))).toBe(0)
    expect(level(tone(0.0005))).toBe(0)
    expect(level(tone(1))).toBeGreaterThan(0.93)
  })

  it('rises at once, falls slowly and remembers that it heard somebody', () => {
    const meter = new LevelMeter()
    meter.update(tone(0.002), 0.03)
    expect(meter.heard).toBe(false)
    meter.update(tone(0.3), 0.03)
    const peak = meter.value
    meter.update(tone(0), 0.1)
    expect(meter.value).toBeCloseTo(peak - 0.25)
    expect(meter.heard).toBe(true)
  })

  it('tells a forbidden device from a missing one', () => {
    expect(failureOf('NotAllowedError')).toBe('denied')
    expect(failureOf('NotFoundError')).toBe('missing')
    expect(failureOf('OverconstrainedError')).toBe('missing')
  })

  it('tells a device that another program holds from one that is not there', () => {
    expect(failureOf('NotReadableError')).toBe('busy')
    expect(failureOf('TrackStartError')).toBe('busy')
  })
})
