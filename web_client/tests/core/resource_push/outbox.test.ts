import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { PlayClaim } from '../../../src/core/base/wire'
import { PlayOutbox } from '../../../src/core/resource_push/outbox'
import { Watched } from '../../../src/core/resource_push/watched'

const NOW = Date.parse('2026-09-16T01:20:00Z')

function bench() {
  let text: string | null = null
  let failure: unknown = null
  const sent: [string, readonly PlayClaim[]][] = []
  const memory = { get: () => text, set: (next: string | null) => (text = next) }
  const send = (lesson: string, plays: readonly PlayClaim[]) => {
    if (failure !== null) return Promise.reject(failure as Error)
    sent.push([lesson, plays])
    return Promise.resolve()
  }
  return { sent, outbox: () => new PlayOutbox(memory, send), fail: (why: unknown) => (failure = why), memory }
}

const seen = (to: number) => new Watched([[0, to]])

describe('what was played', () => {
  it('is sent once', async () => {
    const at = bench()
    const outbox = at.outbox()
    outbox.keep('l1', 'a', seen(60), NOW)
    await outbox.flush()
    await outbox.flush()
    expect(at.sent).toEqual([['l1', [{ resource_id: 'a', watched_s: 60, at: '2026-09-16T01:20:00.000Z' }]]])
    expect(outbox.waiting).toBe(false)
  })

  it('waits in the browser while the server is away, also over a power cut', async () => {
    const at = bench()
    at.fail(new ApiError(0, 'network', '', null))
    const before = at.outbox()
    before.keep('l1', 'a', seen(60), NOW)
    await expect(before.flush()).rejects.toThrow()
    at.fail(null)
    const after = at.outbox()
    expect(after.seconds('l1', 'a')).toBe(60)
    expect(after.waiting).toBe(true)
    await after.flush()
    expect(at.sent).toHaveLength(1)
  })

  it('is not sent for ever where the server refuses it', async () => {
    const at = bench()
    at.fail(new ApiError(422, 'play_out_of_time', '', 'plays[0].at'))
    const outbox = at.outbox()
    outbox.keep('l1', 'a', seen(60), NOW)
    await outbox.flush()
    expect(outbox.waiting).toBe(false)
    expect(outbox.seconds('l1', 'a')).toBe(60)
  })

  it('is kept for some lessons only, the newest ones', () => {
    const at = bench()
    const outbox = at.outbox()
    for (let n = 0; n < 100; n += 1) outbox.keep(`l${String(n)}`, 'a', seen(1), NOW)
    expect(outbox.seconds('l0', 'a')).toBe(0)
    expect(outbox.seconds('l99', 'a')).toBe(1)
  })

  it('begins anew where the memory was spoiled', () => {
    const at = bench()
    at.memory.set('[{"lessonId":')
    expect(at.outbox().waiting).toBe(false)
  })
})
