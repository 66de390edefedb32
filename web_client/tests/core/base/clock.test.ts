import { describe, expect, it } from 'vitest'
import { Backoff, RETRY_MAX_MS } from '../../../src/core/base/clock'

describe('retries', () => {
  it('are spread by a bounded jitter and start over after success', () => {
    const late = new Backoff(() => 1)
    expect(late.next()).toBeCloseTo(140)
    for (let i = 0; i < 50; i += 1) expect(late.next()).toBeLessThanOrEqual(RETRY_MAX_MS)
    late.reset()
    expect(late.next()).toBeCloseTo(140)
  })
})
