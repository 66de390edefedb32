import { describe, expect, it } from 'vitest'
import { answerWithIce, restartFragment, withCaptureTime, withCodecFirst, withReceiverTime, withStartRate } from '../../../src/core/media/sdp'

describe('an ICE restart', () => {
  const offer = 'v=0\r\na=ice-options:trickle\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:U\r\na=ice-pwd:P\r\na=rtpmap:111 opus/48000/2\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:U\r\na=ice-pwd:P\r\n'

  it('asks with the new credentials and one section', () => {
    expect(restartFragment(offer)).toBe(
      'a=ice-options:trickle\r\na=ice-ufrag:U\r\na=ice-pwd:P\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n',
    )
  })

  it('puts the answer’s credentials into every section and keeps the rest', () => {
    const answer = answerWithIce(offer, 'a=ice-ufrag:N\r\na=ice-pwd:Q\r\na=candidate:1 1 udp 1 ::1 9 typ host\r\n') ?? ''
    expect(answer.match(/a=ice-ufrag:N/g)).toHaveLength(2)
    expect(answer.match(/a=candidate:/g)).toHaveLength(2)
    expect(answer).not.toContain('a=ice-ufrag:U')
    expect(answer).toContain('a=rtpmap:111 opus/48000/2')
    expect(answerWithIce(offer, 'nonsense')).toBeNull()
  })
})

describe('the wish for the round trip', () => {
  const section = (kind: string, direction: string) =>
    `m=${kind} 9 UDP/TLS/RTP/SAVPF 96 97\r\na=${direction}\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\n`

  it('stands beside each codec of a picture that is only received', () => {
    const offer = `v=0\r\n${section('video', 'recvonly')}${section('video', 'recvonly')}`
    expect(withReceiverTime(offer).match(/a=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 rrtr\r\n/g)).toHaveLength(2)
  })

  it('changes nothing else', () => {
    const offer = `v=0\r\n${section('video', 'sendonly')}${section('audio', 'recvonly')}`
    expect(withReceiverTime(offer)).toBe(offer)
    expect(withReceiverTime('')).toBe('')
  })
})

describe('the rate to begin with', () => {
  it('stands with each codec of pictures, and nowhere else', () => {
    const answer =
      'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n' +
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n' +
      'a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n'
    expect(withStartRate(answer, 100).match(/^a=fmtp.*/gm)).toEqual([
      'a=fmtp:111 useinbandfec=1',
      'a=fmtp:96 x-google-start-bitrate=100',
      'a=fmtp:97 apt=96',
      'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=100',
    ])
  })
})

describe('the wish to tell when sound was captured', () => {
  const uri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'
  const offered = (audioIds: number[], videoIds: number[], direction = 'sendonly') =>
    [
      `v=0\r\na=extmap-allow-mixed\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n`,
      ...audioIds.map((id) => `a=extmap:${id} urn:audio:${id}\r\n`),
      `a=${direction}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n`,
      ...videoIds.map((id) => `a=extmap:${id} ${id === 14 ? 'urn:ietf:params:rtp-hdrext:toffset' : `urn:video:${id}`}\r\n`),
      `a=${direction}\r\n`,
    ].join('')
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

  it('takes the first id that no section has', () => {
    const sections = withCaptureTime(offered([1, 2], [2, 3, 5])).split('m=')
    expect(sections[1]).toContain(`a=extmap:4 ${uri}\r\n`)
    expect(sections[2]).not.toContain(uri)
  })

  it('takes the id of an extension that nobody needs where all are taken', () => {
    const amended = withCaptureTime(offered(upTo(4), upTo(14)))
    expect(amended).toContain(`a=extmap:14 ${uri}\r\n`)
    expect(amended.match(/^a=extmap:14 /gm)).toHaveLength(1)
    expect(amended.match(/^a=extmap:/gm)).toHaveLength(18)
  })

  it('changes nothing where it says so already, where no sound is sent, or where no short id is left', () => {
    const amended = withCaptureTime(offered([1], [2]))
    expect(withCaptureTime(amended)).toBe(amended)
    for (const offer of ['', offered([1], [2], 'recvonly'), offered(upTo(14), [])]) expect(withCaptureTime(offer)).toBe(offer)
  })
})

describe('the codec that goes first', () => {
  const offer =
    'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 109 97\r\na=rtpmap:109 opus/48000/2\r\n' +
    'm=video 9 UDP/TLS/RTP/SAVPF 120 124 126 97\r\na=rtpmap:120 VP8/90000\r\na=rtpmap:124 rtx/90000\r\n' +
    'a=rtpmap:126 H264/90000\r\na=rtpmap:97 H264/90000\r\n'

  it('is moved to the front of every picture, the others stay in their order', () => {
    const sdp = withCodecFirst(offer, 'H264')
    expect(sdp).toContain('m=video 9 UDP/TLS/RTP/SAVPF 126 97 120 124\r\n')
    expect(sdp).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 109 97\r\n')
    expect(withCodecFirst(offer, 'VP8')).toBe(offer)
    expect(withCodecFirst(offer, 'AV1')).toBe(offer)
  })
})
