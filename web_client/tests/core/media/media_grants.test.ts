import { describe, expect, it } from 'vitest'
import { MediaGrants } from '../../../src/core/media/media_grants'
import { VirtualClock } from '../../support/virtual_clock'

describe('the tokens', () => {
  const access = (n: number, expires = '2026-11-22T01:00:00Z') => ({
    camera: { url: '/whip', token: `T${n}`, expires_at: expires },
    courseware: null,
    watch: null,
  })

  it('are shared, renewed when refused or spent, and asked for again after a failure', async () => {
    const clock = new VirtualClock()
    let asked = 0
    let fail = false
    const grants = new MediaGrants(
      clock,
      async () => {
        asked += 1
        if (fail) throw new Error('network')
        return access(asked)
      },
      () => clock.wall(),
    )
    const token = async (fresh: boolean) => (await grants.endpoint('camera', fresh))?.token
    expect(await Promise.all([token(false), token(false), token(true)])).toEqual(['T1', 'T1', 'T1'])
    await clock.advance(1500)
    expect(await token(true)).toBe('T2')
    await clock.advance(3_599_000)
    expect(await token(false)).toBe('T3')
    expect(await grants.endpoint('watch', false)).toBeNull()
    fail = true
    await clock.advance(2000)
    await expect(token(true)).rejects.toThrow()
    fail = false
    expect(await token(false)).toBe('T5')
  })
})
