import { beforeEach, expect } from 'vitest'
import { CAMERA_LAYERS, Publisher } from '../../src/core/media/publisher'
import type { MediaEndpoint } from '../../src/core/base/wire'
import { FakeHttp, FakePeers, response } from './fakes'
import { VirtualClock } from './virtual_clock'

export const OLD = { id: 'old camera', kind: 'video' }
export const NEW = { id: 'new camera', kind: 'video' }
export const ENDPOINT = { url: 'http://server/whip/lesson/lead.camera', token: 'T', expires_at: '2027-01-01T00:00:00Z' }

export let clock: VirtualClock
export let http: FakeHttp
export let peers: FakePeers
export let publisher: Publisher
/** The server grants, or answers the offer, when a test says so. */
export let grant: () => void
export let answer: () => void

/** Gives each test a publisher on fakes and a virtual clock. */
export function usePublisher(): void {
  beforeEach(() => {
    clock = new VirtualClock()
    http = new FakeHttp()
    peers = new FakePeers()
    http.answer = ({ method }) =>
      method === 'POST'
        ? new Promise((resolve) => {
            answer = () => resolve(response(201, 'v=0\r\n', { Location: '/sessions/1' }))
          })
        : response(200)
    publisher = new Publisher({
      clock,
      http: http.http,
      openPeer: peers.open,
      endpoint: () => new Promise<MediaEndpoint>((resolve) => (grant = () => resolve(ENDPOINT))),
      layers: CAMERA_LAYERS,
      codec: 'VP8',
      random: () => 0,
    })
  })
}

export const show = (track: typeof OLD | null) => publisher.setTracks({ video: track, audio: null })
export const sent = () => peers.last.senders.map((sender) => sender.track)

export async function settle(step: () => void): Promise<void> {
  step()
  await clock.advance(0)
}

export async function up(): Promise<void> {
  publisher.allow(true)
  await show(OLD)
  await settle(grant)
  await settle(answer)
  peers.last.become('connected')
  expect(publisher.state).toBe('up')
}
