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
    addReceiver: (kind) => connection.addTransceiver(kind, { direction: 'recvonly' }).receiver.track,
    async offer(iceRestart) {
      const offer = await connection.createOffer({ iceRestart })
      await connection.setLocalDescription(offer)
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
