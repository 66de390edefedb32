import { describe, expect, it } from 'vitest'
import { shareAddress, tokenIn } from '../../../src/core/library/sharing_api'

describe('the address of a shared resource', () => {
  it('opens at a whole second, and at the start without one', () => {
    expect(shareAddress('https://x', 'r1', 90.9)).toBe('https://x/library/r1?t=90')
    expect(shareAddress('https://x', 'r1', 0.4)).toBe('https://x/library/r1')
  })
  it('carries a token where no server is told of it', () => {
    const address = shareAddress('https://x', 'r1', 5, 'ab-_')
    expect(new URL(address).search).toBe('?t=5')
    expect(tokenIn(new URL(address).hash)).toBe('ab-_')
    expect(tokenIn('')).toBeNull()
    expect(tokenIn('#other=1')).toBeNull()
  })
})
