import { beforeEach, describe, expect, it } from 'vitest'
import { AccessAhead } from '../../src/core/entry'
import type { MediaAccess } from '../../src/core/wire'
import { VirtualClock } from '../support/virtual_clock'

const LIVE = { lesson_id: 'one', state: 'live' } as const
const ACCESS: MediaAccess = { camera: null, courseware: null, watch: null }

describe('tokens at hand before a lesson is entered', () => {
  let clock: VirtualClock
  let asked: string[]
  let answer: () => Promise<MediaAccess>
  let ahead: AccessAhead

  beforeEach(() => {
    clock = new VirtualClock()
    asked = []
    answer = () => Promise.resolve(ACCESS)
    ahead = new AccessAhead(clock, (lessonId) => {
      asked.push(lessonId)
      return answer()
    })
  })

  it('are asked for once a minute while the lesson is live, and given once', async () => {
    for (let second = 0; second < 130; second += 5) {
      ahead.keep(LIVE)
      await clock.advance(5000)
    }
    expect(asked).toEqual(['one', 'one', 'one'])
    await expect(ahead.take('one')).resolves.toBe(ACCESS)
    expect(ahead.take('one')).toBeNull()
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

  it('are asked for again when no answer came, and not used when they are old', async () => {
    answer = () => Promise.reject(new Error('no network'))
    ahead.keep(LIVE)
    await clock.advance(0)
    answer = () => Promise.resolve(ACCESS)
    ahead.keep(LIVE)
    expect(asked).toHaveLength(2)
    await clock.advance(130_000) // the page slept
    expect(ahead.take('one')).toBeNull()
  })
})
