import { withReceiverTime } from '../core/sdp'
import type { CodecName, OpenPeer, SendOptions } from '../core/peer'

/** An RTCPeerConnection behind core's seam. No STUN or TURN server: the relay is reachable, or nothing is. */
export const openBrowserPeer: OpenPeer = (events) => {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  connection.onconnectionstatechange = () => events.stateChanged(connection.connectionState)
  return {
    raw: connection,
    addSender(track, options) {
      const transceiver = connection.addTransceiver(track as MediaStreamTrack, {
        direction: 'sendonly',
        sendEncodings: encodings(options),
      })
      if (track.kind === 'video') preferCodec(transceiver, options.codec)
      return { replaceTrack: (next) => transceiver.sender.replaceTrack(next as MediaStreamTrack) }
    },
    addReceiver(kind) {
      const { receiver } = connection.addTransceiver(kind, { direction: 'recvonly' })
      if (kind === 'video') waitForRepair(receiver)
      return receiver.track
    },
    async offer(iceRestart) {
      const offer = await connection.createOffer({ iceRestart })
      const sdp = withReceiverTime(offer.sdp ?? '')
      // A browser that does not let its offer be amended gets it as it was.
      await connection
        .setLocalDescription({ type: 'offer', sdp })
        .catch(() => connection.setLocalDescription(offer))
      return connection.localDescription?.sdp ?? ''
    },
    accept: (sdp) => connection.setRemoteDescription({ type: 'answer', sdp }),
    answer: () => connection.remoteDescription?.sdp ?? '',
    close() {
      connection.onconnectionstatechange = null
      connection.close()
    },
  }
}

/**
 * A lost packet is noticed with the next frame (40 ms) and comes again a round trip later, on the uplink and on the
 * downlink alike. A browser that shows frames sooner passes over those that are being repaired.
 */
const REPAIR_WAIT_MS = 150

function waitForRepair(receiver: RTCRtpReceiver & { playoutDelayHint?: number }): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = REPAIR_WAIT_MS
  else (receiver as { playoutDelayHint?: number }).playoutDelayHint = REPAIR_WAIT_MS / 1000 // before Chromium 124
}

function encodings(options: SendOptions): RTCRtpEncodingParameters[] {
  return options.encodings.map((encoding) => ({ ...encoding, active: true }))
}

/** The wanted codec first, the others after it as the browser had them. */
function preferCodec(transceiver: RTCRtpTransceiver, codec: CodecName): void {
  const capabilities = RTCRtpSender.getCapabilities('video')
  if (capabilities === null) return
  const wanted = `video/${codec}`.toLowerCase()
  const isWanted = (one: { mimeType: string }) => one.mimeType.toLowerCase() === wanted
  const { codecs } = capabilities
  const ordered = [...codecs.filter(isWanted), ...codecs.filter((one) => !isWanted(one))]
  transceiver.setCodecPreferences(ordered)
}
