import { describe, expect, it } from 'vitest'
import type { StatRow } from '../../../src/core/media/link_stats'
import { uplinkTotals } from '../../../src/core/media/link_stats'
import { RELIEVED_S, SETTLE_S, SLOW_S, SQUEEZED_S, uplinkAdvice, UplinkJudge } from '../../../src/core/media/uplink'

function second(judge: UplinkJudge, limited: boolean, frames: number, count = 1): void {
  for (let n = 0; n < count; n += 1) {
    judge.see({ rttMs: 40, bandwidthLimited: limited, frames, hasVideo: true, loss: 0, sound: null })
    frames += frames === 0 ? 0 : 25
  }
}

describe('the own uplink', () => {
  it('is not blamed while a new session finds out what it carries', () => {
    const judge = new UplinkJudge()
    second(judge, true, 25, SETTLE_S - 1)
    expect(judge.health).toBe('ok')
    second(judge, true, 1000)
    expect(judge.health).toBe('slow')
  })

  it('is blamed for what lasts, and for a while longer', () => {
    const judge = new UplinkJudge()
    second(judge, false, 25, SETTLE_S)
    second(judge, true, 1000, SLOW_S - 1)
    expect(judge.health).toBe('ok')
    second(judge, true, 5000)
    expect(judge.health).toBe('slow')
    second(judge, false, 9000, RELIEVED_S - 1)
    expect(judge.health).toBe('slow')
    second(judge, false, 90000)
    expect(judge.health).toBe('ok')
  })

  it('carries sound only when no picture gets through', () => {
    const judge = new UplinkJudge()
    second(judge, true, 0, SETTLE_S + SLOW_S)
    expect(judge.health).toBe('sound_only')
    second(judge, true, 1)
    expect(judge.health).toBe('slow')
  })

  it('gets the lower layers soon', () => {
    const judge = new UplinkJudge()
    second(judge, true, 25, SQUEEZED_S)
    expect(judge.squeezed).toBe(true)
    second(judge, false, 2500, RELIEVED_S)
    expect(judge.squeezed).toBe(false)
  })
})

it('reads a browser’s report', () => {
  const rows: StatRow[] = [
    { type: 'transport', selectedCandidatePairId: 'pair-2' },
    { type: 'candidate-pair', id: 'pair-1', state: 'succeeded', nominated: true, currentRoundTripTime: 0.9 },
    { type: 'candidate-pair', id: 'pair-2', state: 'succeeded', nominated: true, currentRoundTripTime: 0.06 },
    { type: 'outbound-rtp', kind: 'audio', packetsSent: 50 },
    { type: 'media-source', kind: 'audio', totalAudioEnergy: 0.5, totalSamplesDuration: 2 },
    { type: 'outbound-rtp', kind: 'video', rid: 'l', active: true, framesSent: 40, qualityLimitationReason: 'none' },
    { type: 'outbound-rtp', kind: 'video', rid: 'h', active: false, framesSent: 2, qualityLimitationReason: 'bandwidth' },
    { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.02 },
  ]
  const sound = { packets: 50, energy: 0.5, durationS: 2 }
  expect(uplinkTotals(rows)).toEqual({ rttMs: 60, bandwidthLimited: false, frames: 42, hasVideo: true, loss: 0.02, sound })
  const nothing = { rttMs: null, bandwidthLimited: false, frames: 0, hasVideo: false, loss: 0, sound: null }
  expect(uplinkTotals([])).toEqual(nothing)
})

it.each([
  ['ok', 'good', true, 'none'],
  ['ok', null, false, 'none'],
  ['slow', 'fair', true, 'wire'],
  ['slow', null, true, 'wire'],
  ['slow', 'good', true, 'none'],
  ['ok', 'poor', false, 'wire'],
  ['slow', 'poor', true, 'stop_sharing'],
  ['sound_only', null, true, 'stop_sharing'],
  ['sound_only', null, false, 'wire'],
] as const)('what to do about it: %s, %s', (health, judged, sharing, advice) => {
  expect(uplinkAdvice(health, judged, sharing)).toBe(advice)
})
