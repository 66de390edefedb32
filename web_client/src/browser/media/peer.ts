import { withCaptureTime, withCodecFirst, withReceiverTime } from '../../core/media/sdp'
import type { StatRow } from '../../core/media/link_stats'
import type { CodecName, MediaKind, OpenPeer, Sender, SendOptions } from '../../core/media/peer'
import { LOSSY_MS, SOUND_MS, type Waits } from '../../core/media/repair_wait'

/**
 * An RTCPeerConnection behind core's seam. It uses neither STUN nor TURN, because only the relay is on the other
 * side.
 */
export const openBrowserPeer: OpenPeer = (events) => {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  connection.onconnectionstatechange = () => events.stateChanged(connection.connectionState)
  let waits: Waits = { videoMs: LOSSY_MS, audioMs: SOUND_MS }
  let first: CodecName | null = null // codec to put first in the offer where the browser does not
  return {
    raw: connection,
    addSender(track, options) {
      const transceiver = addSendOnly(connection, track as MediaStreamTrack, options)
      if (track.kind === 'video' && !preferCodec(transceiver, options.codec)) first = options.codec
      return new BrowserSender(transceiver.sender, track.kind as MediaKind)
    },
    addReceiver(kind) {
      const transceiver = connection.addTransceiver(kind, { direction: 'recvonly' })
      if (kind === 'video') offerOnlyRelayed(transceiver)
      const { receiver } = transceiver
      wait(receiver, waits)
      return receiver.track
    },
    async offer(iceRestart) {
      const offer = await connection.createOffer({ iceRestart })
      const amended = withCaptureTime(withReceiverTime(offer.sdp ?? ''))
      const sdp = first === null ? amended : withCodecFirst(amended, first)
      // A browser that does not let its offer be amended gets it as it was.
      await connection
        .setLocalDescription({ type: 'offer', sdp })
        .catch(() => connection.setLocalDescription(offer))
      return connection.localDescription?.sdp ?? ''
    },
    accept: (sdp) => connection.setRemoteDescription({ type: 'answer', sdp }),
    answer: () => connection.remoteDescription?.sdp ?? '',
    async stats() {
      const rows: StatRow[] = []
      ;(await connection.getStats()).forEach((row: StatRow) => rows.push(row))
      return rows
    },
    setWaits(next) {
      if (next.videoMs === waits.videoMs && next.audioMs === waits.audioMs) return
      waits = next
      for (const receiver of connection.getReceivers()) wait(receiver, waits)
    },
    close() {
      connection.onconnectionstatechange = null
      connection.close()
    },
  }
}

function wait(receiver: RTCRtpReceiver & { playoutDelayHint?: number }, waits: Waits): void {
  const ms = receiver.track.kind === 'video' ? waits.videoMs : waits.audioMs
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = ms
  else (receiver as { playoutDelayHint?: number }).playoutDelayHint = ms / 1000 // before Chromium 124
}

/** Sound goes before everything else: in the browser's own sharing of the uplink, and on the way (RFC 8837). */
const SOUND_FIRST: RTCRtpEncodingParameters = { active: true, priority: 'high', networkPriority: 'high' }

function addSendOnly(
  connection: RTCPeerConnection,
  track: MediaStreamTrack,
  options: SendOptions,
): RTCRtpTransceiver {
  const init = (sendEncodings: RTCRtpEncodingParameters[]) =>
    connection.addTransceiver(track, { direction: 'sendonly', sendEncodings })
  if (track.kind === 'audio') return init([SOUND_FIRST])
  const encodings: Encodings = options.encodings.map((encoding) => ({
    ...encoding,
    active: options.active?.includes(encoding.rid) ?? true,
  }))
  try {
    return init(encodings)
  } catch {
    // A browser that knows scalability modes, but not this one for any of its codecs.
    for (const encoding of encodings) delete encoding.scalabilityMode
    return init(encodings)
  }
}

/** Encodings as browsers take them; TypeScript's library has left `scalabilityMode` out. */
type Encodings = (RTCRtpEncodingParameters & { scalabilityMode?: string })[]

/** Parameters as browsers take them; TypeScript's library has left `degradationPreference` out. */
type Parameters = RTCRtpSendParameters & { degradationPreference?: string }

/**
 * A sender whose changes are made one after the other: `setParameters` takes only what the last
 * `getParameters` gave.
 */
class BrowserSender implements Sender {
  private newest: object | null = null
  private last: Promise<void>

  constructor(
    private readonly sender: RTCRtpSender,
    kind: MediaKind,
  ) {
    this.last = kind === 'video' ? this.change(keepSizes).catch(() => {}) : Promise.resolve()
  }

  async replaceTrack(track: unknown): Promise<void> {
    await this.sender.replaceTrack(track as MediaStreamTrack | null)
  }

  setActive(rids: readonly string[]): Promise<void> {
    return this.activate(({ rid, active }) => (rid === undefined ? active : rids.includes(rid)))
  }

  setPaused(paused: boolean): Promise<void> {
    return this.activate(() => !paused)
  }

  private activate(isActive: (encoding: RTCRtpEncodingParameters) => boolean | undefined): Promise<void> {
    this.newest = isActive
    const done = this.last.then(() => {
      if (this.newest !== isActive) return // a newer wish follows
      return this.change((parameters) => {
        for (const encoding of parameters.encodings) encoding.active = isActive(encoding)
      })
    })
    this.last = done.catch(() => {})
    return done
  }

  private async change(make: (parameters: Parameters) => void): Promise<void> {
    const parameters: Parameters = this.sender.getParameters()
    make(parameters)
    await this.sender.setParameters(parameters)
  }
}

/**
 * What a layer's size is, the relay relies on: it gives each viewer the one that fits. An encoder that is short of bits
 * or of computing time gives up frames, never size: a 720p layer that is quietly 360p helps nobody, and the lowest
 * layer made smaller still is not worth seeing. Which size fits is decided by shedding the upper layers whole.
 */
function keepSizes(parameters: Parameters): void {
  parameters.degradationPreference = 'maintain-resolution'
}

/**
 * The wanted codec first, the others after it as the browser had them.
 *
 * @returns false where the browser offers no such choice: Firefox before 128, which Windows 7 never gets.
 */
function preferCodec(transceiver: Preferring, codec: CodecName): boolean {
  const capabilities = RTCRtpSender.getCapabilities?.('video') ?? null
  if (capabilities === null || transceiver.setCodecPreferences === undefined) return false
  const wanted = `video/${codec}`.toLowerCase()
  const isWanted = (one: { mimeType: string }) => one.mimeType.toLowerCase() === wanted
  const { codecs } = capabilities
  transceiver.setCodecPreferences([...codecs.filter(isWanted), ...codecs.filter((one) => !isWanted(one))])
  return true
}

const RELAYED = ['video/vp8', 'video/h264', 'video/rtx'] // relay/core/wire/sdp_media.py

/**
 * Leaves out what the relay never sends: a wall of ten slots is a long offer, and some of it goes up a narrow link.
 * A browser that offers no such choice, or none of these, offers all it has.
 */
function offerOnlyRelayed(transceiver: Preferring): void {
  const { codecs = [] } = RTCRtpReceiver.getCapabilities?.('video') ?? {}
  const kept = codecs.filter((one) => RELAYED.includes(one.mimeType.toLowerCase()))
  if (kept.length === 0 || transceiver.setCodecPreferences === undefined) return
  transceiver.setCodecPreferences(kept)
}

/** A transceiver as older browsers have it. */
type Preferring = Partial<Pick<RTCRtpTransceiver, 'setCodecPreferences'>>
