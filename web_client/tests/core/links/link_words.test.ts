import { expect, it } from 'vitest'
import { linkWords, percentText, rateText } from '../../../src/core/links/link_words'
import type { Link } from '../../../src/core/base/wire'

const LINK: Link = {
  state: 'good',
  rtt_ms: 40,
  loss: 0,
  seeing: 'h',
  limit: 'none',
  carries_bps: 4_000_000,
  uplink: 'good',
  stills: false,
  codec_missing: false,
  excess: 'none',
}

it.each([
  [{}, 'h', 'none'],
  [{ state: 'fair', seeing: 'm', limit: 'rate' }, 'm', 'rate'],
  [{ state: 'poor', seeing: null, limit: 'loss', stills: true }, 'stills', 'loss'],
  [{ state: 'poor', seeing: null, limit: 'rate' }, 'sound', 'rate'],
  [{ state: 'poor', seeing: null, limit: 'outage' }, 'sound', 'outage'],
  [{ seeing: null }, 'nothing', 'none'],
  [{ seeing: null, codec_missing: true }, 'nothing', 'codec'],
  [{ seeing: 'l', stills: true }, 'stills', 'rate'],
  [{ state: 'offline', seeing: 'h', limit: 'outage' }, 'nothing', 'outage'],
  [{ state: 'offline', seeing: null, limit: 'rate' }, 'nothing', 'none'],
  [{ state: 'fair', uplink: 'fair' }, 'h', 'uplink'],
  [{ state: 'poor', uplink: 'poor', excess: 'packets' }, 'h', 'excess'],
  [{ state: 'offline', excess: 'packets' }, 'nothing', 'none'],
] as const)('%o', (changes, seeing, why) => {
  expect(linkWords({ ...LINK, ...changes }, false)).toEqual({ seeing, why })
})

it('tells a link that is full of sound from a lesson without pictures', () => {
  expect(linkWords({ ...LINK, seeing: null }, true).seeing).toBe('sound')
  expect(linkWords({ ...LINK, seeing: null }, false).seeing).toBe('nothing')
})

it('says rates and shares as people do', () => {
  expect([90_000, 950_000, 1_200_000, 12_400_000].map(rateText)).toEqual([
    '90 kbit/s',
    '950 kbit/s',
    '1.2 Mbit/s',
    '12 Mbit/s',
  ])
  expect([0, 0.002, 0.03, 0.125].map(percentText)).toEqual(['0%', '<1%', '3%', '13%'])
})
