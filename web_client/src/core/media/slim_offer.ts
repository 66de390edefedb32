/**
 * Slims offers: removes what our server never takes. A browser repeats every codec, feedback and extension in each
 * section. For a classroom's slots these are 19 kB: 1.5 s of an uplink of 100 kbit/s before anything is seen.
 */

const CODECS = /^(VP8|H264|opus)\//i
const EXTENSIONS =
  /(sdes:mid|sdes:rtp-stream-id|sdes:repaired-rtp-stream-id|transport-wide-cc-extensions-01|ssrc-audio-level|abs-send-time|abs-capture-time)$/
/** What REMB is made of. */
const SEND_TIME = /abs-send-time$/
/** Of a sender's layers. */
const LAYER_NAMES = /rtp-stream-id$/
const TRANSPORT = /^a=(ice-ufrag|ice-pwd|ice-options|fingerprint|setup):/
/** No meaning for a server that answers with one address, or said once for all sections. */
const USELESS = /^(c=|a=(rtcp:|msid|extmap-allow-mixed|candidate:|end-of-candidates|ssrc:\d+ (msid|mslabel|label):))/
/** H.264 that no camera sends (4:4:4), and single-NAL mode, which the relay refuses beside the other one. */
const ODD_H264 = /packetization-mode=0|profile-level-id=f4/
const FEEDBACK = /^a=rtcp-fb:\S+ (transport-cc|nack|nack pli|rrtr)$/
/** What old receivers tell of their link instead. */
const REMB = /^a=rtcp-fb:\S+ goog-remb$/

interface Section {
  readonly head: string
  readonly lines: readonly string[]
}

/**
 * The offer as it is sent; what the browser holds stays as it was, and any answer to this one fits that, too.
 * What is not bundled is left alone.
 */
export function slimOffer(offer: string): string {
  const [session = '', ...rest] = offer.split(/^(?=m=)/m)
  const mids = /^a=group:BUNDLE (.+?)\r?$/m.exec(session)?.[1]?.split(' ') ?? []
  const sections = rest.map(parse)
  const bundled = sections.every(({ lines }) => mids.includes(midOf(lines)))
  if (sections.length === 0 || !bundled) return offer
  const kept = session.split(/\r?\n/).filter((line) => line !== '' && !/^a=extmap-allow-mixed|^a=msid-semantic/.test(line))
  const at = kept.findIndex((line) => line.startsWith('t='))
  kept.splice(at, 0, 'c=IN IP4 0.0.0.0')
  const out = [...kept, ...sections.flatMap((section) => slim(section, midOf(section.lines) === mids[0]))]
  return out.join('\r\n') + '\r\n'
}

function parse(text: string): Section {
  const [head = '', ...lines] = text.split(/\r?\n/).filter((line) => line !== '')
  return { head, lines }
}

function midOf(lines: readonly string[]): string {
  return lines.find((line) => line.startsWith('a=mid:'))?.slice('a=mid:'.length) ?? ''
}

function slim({ head, lines }: Section, leads: boolean): string[] {
  const types = keptTypes(lines)
  const words = head.split(' ')
  const formats = words.slice(3).filter((type) => types.has(type))
  if (formats.length === 0) return [head, ...lines]
  const reports = lines.some((line) => line.endsWith(' transport-cc'))
  const isFeedback = (line: string) => FEEDBACK.test(line) || (!reports && REMB.test(line))
  const receives = lines.includes('a=recvonly')
  const kept = lines.filter((line) => {
    if (USELESS.test(line) || (!leads && TRANSPORT.test(line))) return false
    if (line.startsWith('a=extmap:')) {
      return EXTENSIONS.test(line) && !(receives && LAYER_NAMES.test(line)) && !(reports && SEND_TIME.test(line))
    }
    const type = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1]
    if (type === undefined) return true
    return types.has(type) && (!line.startsWith('a=rtcp-fb:') || isFeedback(line))
  })
  return [[...words.slice(0, 3), ...formats].join(' '), ...joined(kept)]
}

/** Feedback that every codec has, said once for all of them (RFC 4585 §4.2); repairs have none. */
function joined(lines: readonly string[]): string[] {
  const codecs = lines.filter((line) => /^a=rtpmap:\d+ (?!rtx\/)/i.test(line)).length
  const counts = new Map<string, number>()
  const kindOf = (line: string) => /^a=rtcp-fb:\d+ (.+)$/.exec(line)?.[1]
  for (const line of lines) {
    const kind = kindOf(line)
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const common = new Set([...counts].filter(([, count]) => count === codecs).map(([kind]) => kind))
  const own = lines.filter((line) => !common.has(kindOf(line) ?? ''))
  return [...own, ...[...common].map((kind) => `a=rtcp-fb:* ${kind}`)]
}

/** The payload types of codecs that can be agreed on, and of their repairs. */
function keptTypes(lines: readonly string[]): ReadonlySet<string> {
  const names = new Map<string, string>()
  const parameters = new Map<string, string>()
  for (const line of lines) {
    const [, kind, type, value] = /^a=(rtpmap|fmtp):(\d+) (.+)$/.exec(line) ?? []
    if (type !== undefined && value !== undefined) (kind === 'rtpmap' ? names : parameters).set(type, value)
  }
  const parameter = (type: string) => parameters.get(type) ?? ''
  const h264 = [...names].filter(([, name]) => /^H264\//i.test(name)).map(([type]) => type)
  const allOdd = h264.every((type) => ODD_H264.test(parameter(type)))
  const isKept = ([type, name]: [string, string]) => {
    if (/^red\//i.test(name)) return /^\d+\//.test(parameter(type)) // of sound; that of pictures has no parameters
    return CODECS.test(name) && (allOdd || !h264.includes(type) || !ODD_H264.test(parameter(type)))
  }
  const kept = new Set([...names].filter(isKept).map(([type]) => type))
  const repairsKept = ([type, name]: [string, string]) => /^rtx\//i.test(name) && kept.has(parameter(type).replace('apt=', ''))
  for (const [type] of [...names].filter(repairsKept)) kept.add(type)
  return kept
}
