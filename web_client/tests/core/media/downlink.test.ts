import { beforeEach, describe, expect, it } from 'vitest'
import type { Arriving } from '../../../src/core/media/downlink'
import { Downlink } from '../../../src/core/media/downlink'
import { CLEAN_MS } from '../../../src/core/media/repair_wait'
import { FakePeer } from '../../support/fakes'
import { VirtualClock } from '../../support/virtual_clock'

let clock: VirtualClock
let peer: FakePeer
let downlink: Downlink
let last: Arriving | null
let received: number
let lost: number
const frames = { teacher: 0, courseware: 0 }
/** Frames of the teacher; null: this browser does not say. */
let decoded: number | null

beforeEach(() => {
  clock = new VirtualClock()
  peer = new FakePeer({ stateChanged: () => {} })
  last = null
  decoded = null
  received = lost = frames.teacher = frames.courseware = 0
  downlink = new Downlink(clock, peer, (arriving) => (last = arriving))
})

async function second(arrives: { packets?: number; lost?: number; teacher?: number; courseware?: number }) {
  received += arrives.packets ?? 100
  lost += arrives.lost ?? 0
  frames.teacher += arrives.teacher ?? 0
  frames.courseware += arrives.courseware ?? 0
  const row = (trackIdentifier: string, framesReceived: number) => ({
    type: 'inbound-rtp',
    kind: 'video',
    trackIdentifier,
    framesReceived,
  })
  peer.rows = [
    { type: 'candidate-pair', id: 'p', state: 'succeeded', nominated: true, currentRoundTripTime: 0.6 },
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: received, packetsLost: lost },
    { ...row('teacher', frames.teacher), ...(decoded !== null && { framesDecoded: decoded }) },
    row('courseware', frames.courseware),
  ]
  if (received === 100) downlink.start()
  else await clock.advance(1000)
  await clock.advance(0)
}

describe('what arrives', () => {
  it('sets how long to wait for repairs', async () => {
    await second({})
    expect(peer.waits).toEqual({ videoMs: 690, audioMs: 630 }) // before the first picture is shown
    await second({ lost: 0, teacher: 25 })
    expect(peer.waits?.videoMs).toBe(680)
    await second({ lost: 2, teacher: 25 })
    expect(last?.loss).toBeCloseTo(2 / 102)
    expect(peer.waits).toEqual({ videoMs: 690, audioMs: 630 })
    for (let n = 0; n < 90; n += 1) await second({ teacher: 25 })
    expect(peer.waits?.videoMs).toBe(CLEAN_MS)
  })

  it('shows which picture stands that ran before', async () => {
    await second({ teacher: 25 })
    await second({ teacher: 25 })
    expect(last?.standing.has('teacher')).toBe(false)
    await second({})
    expect(last?.standing.has('teacher')).toBe(false) // one second may be a key frame's repair
    await second({})
    expect(last?.standing.has('teacher')).toBe(true)
    await second({ teacher: 3 })
    expect(last?.standing.has('teacher')).toBe(false)
  })

  it('shows which picture this computer does not keep up with', async () => {
    decoded = 0
    for (let n = 0; n < 4; n += 1) await second({ teacher: 25 })
    expect(last?.slow.has('teacher')).toBe(false) // it may wait for a key frame
    await second({ teacher: 25 })
    expect(last?.slow.has('teacher')).toBe(true)
    decoded += 15
    await second({ teacher: 25 })
    expect(last?.slow.has('teacher')).toBe(false)
  })

  it('does not call a picture slow of which nothing comes', async () => {
    decoded = 0
    for (let n = 0; n < 8; n += 1) await second({})
    expect(last?.slow.size).toBe(0)
  })

  it('ends with its session, and outlives a peer that answers nothing', async () => {
    await second({})
    peer.stats = () => Promise.reject(new Error('closed'))
    await clock.advance(5000)
    downlink.stop()
    expect(clock.waiting).toBe(0)
  })
})
