/** The SDP that a WHIP client handles itself: fragments of an ICE restart, and what offers lack. */

const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'
const SENDING_TIME = 'urn:ietf:params:rtp-hdrext:toffset' // RFC 5450; the relay has no use for it
const MAX_EXTENSION_ID = 14 // beyond, every packet would need the longer form (RFC 8285 §4.3)

const ICE_LINE = /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates|ice-options)/

/**
 * The fragment that asks for an ICE restart (RFC 9725 §4.3.3, RFC 8840 §9): the new credentials, and the
 * first m-section to hang them on. No candidates: the server is ICE-lite and learns our address from checks.
 */
export function restartFragment(offer: string): string {
  const lines = offer.split(/\r?\n/)
  const pick = (prefix: string) => lines.find((line) => line.startsWith(prefix))
  const wanted = ['a=ice-options:', 'a=ice-ufrag:', 'a=ice-pwd:', 'm=', 'a=mid:'].map(pick)
  return wanted.filter((line) => line !== undefined).join('\r\n') + '\r\n'
}

/**
 * The answer with the ICE credentials and candidates of a fragment in every m-section.
 * Null when the fragment carries no credentials.
 */
export function answerWithIce(answer: string, fragment: string): string | null {
  const fresh = fragment.split(/\r?\n/).filter((line) => ICE_LINE.test(line))
  const credentials = fresh.filter((line) => /^a=ice-(ufrag|pwd):/.test(line)).slice(0, 2)
  if (credentials.length < 2) return null
  const candidates = fresh.filter((line) => line.startsWith('a=candidate:'))
  const kept = answer.split(/\r?\n/).filter((line) => line !== '' && !ICE_LINE.test(line))
  const out: string[] = []
  let section: string[] = []
  const flush = () => {
    out.push(...section)
    if (section[0]?.startsWith('m=') === true) out.push(...credentials, ...candidates)
    section = []
  }
  for (const line of kept) {
    if (line.startsWith('m=')) flush()
    section.push(line)
  }
  flush()
  return out.join('\r\n') + '\r\n'
}

/**
 * The offer, with the wish to report the receiver's time (RFC 3611 §4.4) where a picture is only received.
 * A browser that only receives learns the round trip in no other way; not knowing it, it waits 100 ms before it
 * asks a second time for a lost packet, on a cable and over a satellite alike.
 */
export function withReceiverTime(offer: string): string {
  const sections = offer.split(/^(?=m=)/m)
  const amended = sections.map((section) =>
    section.startsWith('m=video') && /^a=recvonly\r?$/m.test(section)
      ? section.replace(/^a=rtcp-fb:(\d+) nack pli(\r?\n)/gm, (line, type: string, end: string) => `${line}a=rtcp-fb:${type} rrtr${end}`)
      : section,
  )
  return amended.join('')
}

/** The offer, with one video codec put first wherever video is sent, for browsers without `setCodecPreferences`. */
export function withCodecFirst(offer: string, codec: string): string {
  const named = new RegExp(`^a=rtpmap:(\\d+) ${codec}/`, 'gim')
  return offer
    .split(/^(?=m=)/m)
    .map((section) => {
      const first = new Set(Array.from(section.matchAll(named), (match) => match[1] ?? ''))
      return section.replace(/^(m=video \d+ \S+)((?: \d+)+)/, (_line, head: string, types: string) => {
        const all = types.trim().split(' ')
        return [head, ...all.filter((type) => first.has(type)), ...all.filter((type) => !first.has(type))].join(' ')
      })
    })
    .join('')
}

/**
 * The offer, with the wish to tell when sound was captured. What Chromium's sender reports say of sound that it sends
 * with redundancy (RED) is up to 26 ms late (relay/core/incoming/clock.py), and so would lips be. Of pictures they are right.
 */
export function withCaptureTime(offer: string): string {
  const sections = offer.split(/^(?=m=)/m)
  if (!sections.some(tellsNoCaptureTime)) return offer
  const ids = extensionIds(offer)
  const free = Array.from({ length: MAX_EXTENSION_ID }, (_, index) => index + 1).find((id) => !ids.has(id))
  const spare = new RegExp(`^a=extmap:(\\d+) ${SENDING_TIME}\\r?\\n`, 'm')
  const id = free ?? Number(spare.exec(offer)?.[1] ?? 0)
  if (id < 1 || id > MAX_EXTENSION_ID) return offer
  return sections
    .map((section) => (free === undefined ? section.replace(spare, '') : section))
    .map((section) =>
      tellsNoCaptureTime(section) ? section.replace(/^(?=a=extmap:)/m, `a=extmap:${id} ${CAPTURE_TIME}\r\n`) : section,
    )
    .join('')
}

/**
 * The answer, with the rate at which to begin sending pictures; Chromium begins with 300 kbit/s and tries six times as
 * much at once, which fills a narrow uplink for seconds.
 */
export function withStartRate(answer: string, kbps: number): string {
  const begin = `x-google-start-bitrate=${kbps}`
  const amended = answer.split(/^(?=m=)/m).map((section) => {
    if (!section.startsWith('m=video')) return section
    return section.replace(/^a=rtpmap:(\d+) (?:VP8|H264)\/90000\r?\n/gim, (line, type: string) => {
      return new RegExp(`^a=fmtp:${type} `, 'm').test(section) ? line : `${line}a=fmtp:${type} ${begin}\r\n`
    }).replace(/^(a=fmtp:\d+ (?!apt=|x-google).+?)(\r?\n)/gm, `$1;${begin}$2`)
  })
  return amended.join('')
}

function tellsNoCaptureTime(section: string): boolean {
  return section.startsWith('m=audio') && /^a=sendonly\r?$/m.test(section) && !section.includes(CAPTURE_TIME)
}

function extensionIds(offer: string): Set<number> {
  return new Set(Array.from(offer.matchAll(/^a=extmap:(\d+)/gm), (match) => Number(match[1])))
}
