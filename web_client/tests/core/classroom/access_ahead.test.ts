import { beforeEach, describe, expect, it } from 'vitest'
import { AccessAhead } from '../../../src/core/classroom/access_ahead'
import type { MediaAccess } from '../../../src/core/base/wire'
import { VirtualClock } from '../../support/virtual_clock'

const LIVE = { lesson_id: 'one', state: 'live' } as const
const SERVER_AHEAD_MS = 3_600_000 // a classroom's clock that is an hour late

describe('tokens at hand before a lesson is entered', () => {
  let clock: VirtualClock
  let asked: string[]
  let lifeMs: number
  let answer: () => Promise<MediaAccess>
  let ahead: AccessAhead

  beforeEach(() => {
    clock = new VirtualClock()
    asked = []
    lifeMs = 120_000
    answer = async () => {
      const expires_at = new Date(clock.wall() + SERVER_AHEAD_MS + lifeMs).toISOString()
      return { camera: null, courseware: null, watch: { url: '/whep/one', token: `T${asked.length}`, expires_at } }
    }
    const ask = (lessonId: string) => {
      asked.push(lessonId)
      return answer()
    }
    ahead = new AccessAhead(clock, ask, () => clock.wall() + SERVER_AHEAD_MS)
  })

  async function poll(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      ahead.keep(LIVE)
      await clock.advance(5000)
    }
  }

  it('are renewed after half of their life, while the lesson is live, and given once', async () => {
    await poll(130)
    expect(asked).toEqual(['one', 'one', 'one'])
    await expect(ahead.take('one')).resolves.toMatchObject({ watch: { token: 'T3' } })
    expect(ahead.take('one')).toBeNull()
  })

  it('live as long as the server says', async () => {
    lifeMs = 600_000
    await poll(290)
    expect(asked).toHaveLength(1)
    await poll(20)
    expect(asked).toHaveLength(2)
  })

  it('are not asked for twice while an answer is on its way', async () => {
    answer = () => new Promise(() => {})
    await poll(10)
    expect(asked).toHaveLength(1)
  })

  it('are those of the lesson that is entered', () => {
    ahead.keep(LIVE)
    expect(ahead.take('two')).toBeNull()
    ahead.keep(LIVE)
    ahead.keep({ lesson_id: 'two', state: 'live' })
    expect(asked).toEqual(['one', 'one', 'two'])
  })

  it('are not asked for before the lesson is live, nor kept after it', () => {
    ahead.keep({ lesson_id: 'one', state: 'scheduled' })
    ahead.keep(null)
    expect(asked).toEqual([])
    ahead.keep(LIVE)
    ahead.keep({ lesson_id: 'one', state: 'ended' })
    expect(ahead.take('one')).toBeNull()
  })

  it('are asked for again when no answer came', async () => {
    const good = answer
    answer = () => Promise.reject(new Error('no network'))
    ahead.keep(LIVE)
    await clock.advance(0)
    expect(ahead.take('one')).toBeNull()
    answer = good
    ahead.keep(LIVE)
    expect(asked).toHaveLength(2)
    await expect(ahead.take('one')).resolves.toMatchObject({ watch: { token: 'T2' } })
  })
})
