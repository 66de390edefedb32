import { beforeEach, describe, expect, it } from 'vitest'
import { CAMERA_LAYERS, Publisher } from '../../src/core/publisher'
import type { MediaEndpoint } from '../../src/core/wire'
import { FakeHttp, FakePeers, response } from '../support/fakes'
import { VirtualClock } from '../support/virtual_clock'

const OLD = { id: 'old camera', kind: 'video' }
const NEW = { id: 'new camera', kind: 'video' }
const ENDPOINT = { url: 'http://server/whip/lesson/lead.camera', token: 'T', expires_at: '2027-01-01T00:00:00Z' }

let clock: VirtualClock
let http: FakeHttp
let peers: FakePeers
let publisher: Publisher
/** The server grants, or answers the offer, when a test says so. */
let grant: () => void
let answer: () => void

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

const show = (track: typeof OLD | null) => publisher.setTracks({ video: track, audio: null })
const sent = () => peers.last.senders.map((sender) => sender.track)

async function settle(step: () => void): Promise<void> {
  step()
  await clock.advance(0)
}

async function up(): Promise<void> {
  publisher.allow(true)
  await show(OLD)
  await settle(grant)
  await settle(answer)
  peers.last.become('connected')
  expect(publisher.state).toBe('up')
}

describe('a device changed', () => {
  it('before the peer was made', async () => {
    publisher.allow(true)
    await show(OLD)
    await show(NEW)
    await settle(grant)
    await settle(answer)
    expect(peers.all).toHaveLength(1)
    expect(sent()).toEqual([NEW])
  })

  it('between offer and answer', async () => {
    publisher.allow(true)
    await show(OLD)
    await settle(grant)
    expect(publisher.state).toBe('opening')
    await show(NEW)
    await settle(answer)
    expect(peers.all).toHaveLength(1)
    expect(sent()).toEqual([NEW])
  })

  it('in a session that is up, without a new one', async () => {
    await up()
    await show(NEW)
    expect(peers.all).toHaveLength(1)
    expect(sent()).toEqual([NEW])
  })

  it('while a lost session opens anew', async () => {
    await up()
    publisher.session.restart()
    publisher.session.restart()
    peers.last.close() // the browser may be faster than we are
    await show(NEW)
    await settle(grant)
    await settle(answer)
    expect(peers.all).toHaveLength(2)
    expect(sent()).toEqual([NEW])
  })

  it('to one that the session cannot carry: a new session', async () => {
    await up()
    peers.last.refusesTracks = true
    await show(NEW)
    await settle(grant)
    await settle(answer)
    peers.last.become('connected')
    expect(peers.all).toHaveLength(2)
    expect(sent()).toEqual([NEW])
    expect(publisher.state).toBe('up')
  })
})

describe('layers that nobody wants', () => {
  const active = () => peers.last.senders[0]?.active

  it('are not sent, and sent at once when they are wanted again', async () => {
    await up()
    expect(active()).toEqual(['l', 'm', 'h'])
    publisher.setWanted(['l'])
    expect(active()).toEqual(['l'])
    publisher.setWanted(['l', 'h'])
    expect(active()).toEqual(['l', 'h'])
    publisher.setWanted([])
    expect(active()).toEqual([])
    publisher.setWanted(null)
    expect(active()).toEqual(['l', 'm', 'h'])
  })

  it('stay away when the path is repaired', async () => {
    await up()
    publisher.setWanted(['l'])
    peers.last.become('failed')
    peers.last.become('connected')
    expect(publisher.state).toBe('up')
    expect(active()).toEqual(['l'])
  })

  it('are sent in a new session until the server says otherwise', async () => {
    await up()
    publisher.setWanted(['l'])
    publisher.session.restart()
    await settle(grant)
    await settle(answer)
    publisher.setWanted(['m']) // of the old session, which runs until the new one is up
    peers.last.become('connected')
    expect(peers.all).toHaveLength(2)
    expect(active()).toEqual(['l', 'm', 'h'])
    publisher.setWanted(['h'])
    expect(active()).toEqual(['h'])
  })

  it('come back below the wanted one when the uplink is short', async () => {
    await up()
    publisher.setWanted(['h'])
    peers.last.rows = [{ type: 'outbound-rtp', kind: 'video', framesSent: 1, qualityLimitationReason: 'bandwidth' }]
    await clock.advance(2000)
    expect(active()).toEqual(['l', 'm', 'h'])
    await clock.advance(20_000)
    expect(publisher.health).toBe('sound_only')
    peers.last.rows = [{ type: 'outbound-rtp', kind: 'video', framesSent: 1, qualityLimitationReason: 'none' }]
    await clock.advance(10_000)
    expect(publisher.health).toBe('ok')
    expect(active()).toEqual(['h'])
  })
})
