import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { slimOffer } from '../../../src/core/media/slim_offer'

const recorded = (name: string) =>
  readFileSync(new URL(`../../../../tests/unit/relay/core/wire/offers/${name}.sdp`, import.meta.url), 'utf8').replace(/\r?\n/g, '\r\n')
const sections = (offer: string) => offer.split(/^(?=m=)/m).slice(1)
const mids = (offer: string) => Array.from(offer.matchAll(/^a=mid:(.+?)\r$/gm), (match) => match[1])

describe('an offer as it is sent', () => {
  it.each(['chromium_watch', 'chromium_publish_simulcast'])('is a fraction of what the browser says: %s', (name) => {
    const offer = recorded(name)
    const slim = slimOffer(offer)
    expect(slim.length).toBeLessThan(0.45 * offer.length)
    expect(mids(slim)).toEqual(mids(offer))
    expect(sections(slim)).toHaveLength(sections(offer).length)
  })

  it('keeps one transport, and all that the relay agrees on', () => {
    const slim = slimOffer(recorded('chromium_publish_simulcast'))
    expect(slim.match(/^a=fingerprint:/gm)).toHaveLength(1)
    expect(slim.match(/^a=ice-pwd:/gm)).toHaveLength(1)
    expect(slim.match(/^a=rtcp-mux/gm)).toHaveLength(2)
    expect(slim).toMatch(/^a=simulcast:send /m)
    expect(slim).toMatch(/^a=rtpmap:\d+ red\/48000\/2/m)
    for (const codec of ['VP8', 'H264', 'opus']) expect(slim).toMatch(new RegExp(`^a=rtpmap:\\d+ ${codec}/`, 'm'))
    for (const codec of ['VP9', 'AV1', 'ulpfec', 'flexfec', 'red/90000']) expect(slim).not.toContain(codec)
  })

  it('lists a repair only beside what it repairs', () => {
    const slim = slimOffer(recorded('chromium_watch'))
    for (const section of sections(slim)) {
      const types = new Set((section.split('\r\n')[0] ?? '').split(' ').slice(3))
      for (const [, type] of section.matchAll(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)/gm)) expect(types.has(type ?? '')).toBe(true)
      for (const [, repaired] of section.matchAll(/ apt=(\d+)/g)) expect(types.has(repaired ?? '')).toBe(true)
    }
  })

  it('leaves alone what is not one bundle', () => {
    const offer = recorded('single_video_unbundled')
    expect(slimOffer(offer)).toBe(offer)
    expect(slimOffer('v=0\r\n')).toBe('v=0\r\n')
  })

  it('keeps REMB where a browser reports in no better way', () => {
    const offer = recorded('chromium_watch')
    expect(slimOffer(offer)).not.toContain('goog-remb')
    expect(slimOffer(offer.replace(/^a=rtcp-fb:\d+ transport-cc\r\n/gm, ''))).toContain('goog-remb')
  })
})
