import { beforeEach, describe, expect, it } from 'vitest'
import { CONNECT_TIMEOUT_MS, MediaSession, REPAIR_RETRY_MS, REPAIR_TIMEOUT_MS, resolved } from '../../../src/core/media/media_session'
import { FakeHttp, FakePeers, response } from '../../support/fakes'
import { VirtualClock } from '../../support/virtual_clock'

const ENDPOINT = { url: 'http://server/whip/lesson/lead.camera', token: 'T', expires_at: '2027-01-01T00:00:00Z' }
const ANSWER = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n'
const FRAGMENT = 'a=ice-ufrag:new\r\na=ice-pwd:secret\r\na=candidate:1 1 udp 1 10.0.0.1 2 typ host\r\n'

let clock: VirtualClock
let http: FakeHttp
let peers: FakePeers
let asked: boolean[]

beforeEach(() => {
  clock = new VirtualClock()
  http = new FakeHttp()
  peers = new FakePeers()
  asked = []
  http.answer = ({ method }) =>
    method === 'POST' ? response(201, ANSWER, { Location: `/whip/sessions/${http.count('POST')}` }) : response(200, FRAGMENT)
})

function session(): MediaSession {
  return new MediaSession({
    clock,
    http: http.http,
    openPeer: peers.open,
    endpoint: async (fresh) => {
      asked.push(fresh)
      return ENDPOINT
    },
    prepare: () => {},
    random: () => 0,
  })
}

async function up(): Promise<MediaSession> {
  const media = session()
  media.start()
  await clock.advance(0)
  peers.last.become('connected')
  return media
}

describe('opening', () => {
  it('posts the offer with the token and applies the answer', async () => {
    const media = await up()
    expect(media.state).toBe('up')
    expect(http.requests[0]).toMatchObject({
      method: 'POST',
      url: ENDPOINT.url,
      headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer T' },
    })
    expect(peers.last.accepted).toEqual([ANSWER])
  })

  it('tries again after a refusal, with a fresh token when the old one was refused', async () => {
    const good = http.answer
    http.answer = () => response(401, { code: 'invalid_token', status: 401 })
    const media = session()
    media.start()
    await clock.advance(0)
    expect(media.state).toBe('waiting')
    expect(media.lastFailure).toBe('invalid_token')
    expect(peers.last.closed).toBe(true)
    http.answer = good
    await clock.advance(200)
    expect(asked).toEqual([false, true])
    expect(media.state).toBe('connecting')
  })

  it.each([
    ['3', 3000],
    ['86400', 10_000], // a lesson goes on
    ['Sun, 29 Nov 2026 00:00:00 GMT', 200],
  ])('waits as long as a refusal asks for: %s', async (asked, waits) => {
    http.answer = () => response(429, { code: 'too_many_requests', status: 429 }, { 'Retry-After': asked })
    const media = session()
    media.start()
    await clock.advance(waits - 1)
    expect(media.lastFailure).toBe('too_many_requests')
    expect(http.count('POST')).toBe(1)
    await clock.advance(1)
    expect(http.count('POST')).toBe(2)
  })

  it('does not wait for ever for a path', async () => {
    const media = session()
    media.start()
    await clock.advance(CONNECT_TIMEOUT_MS)
    expect(media.state).toBe('waiting')
    await clock.advance(200)
    expect(peers.all).toHaveLength(2)
  })

  it('survives a server that cannot be reached', async () => {
    http.answer = () => Promise.reject(new Error('network'))
    const media = session()
    media.start()
    await clock.advance(20_000)
    expect(media.state).toBe('waiting')
    expect(http.count('POST')).toBeGreaterThan(8)
    expect(http.count('POST')).toBeLessThan(16)
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
  })
})

describe('a path that breaks', () => {
  it('is left alone when it heals within a second', async () => {
    const media = await up()
    peers.last.become('disconnected')
    await clock.advance(500)
    peers.last.become('connected')
    await clock.advance(5000)
    expect(media.state).toBe('up')
    expect(http.count('PATCH')).toBe(0)
  })

  it('is repaired by an ICE restart on the same session', async () => {
    const media = await up()
    peers.last.become('disconnected')
    await clock.advance(1000)
    expect(media.state).toBe('repairing')
    const patch = http.requests.find((one) => one.method === 'PATCH')
    expect(patch).toMatchObject({ url: 'http://server/whip/sessions/1' })
    expect(patch?.headers).toMatchObject({ 'If-Match': '*', 'Content-Type': 'application/trickle-ice-sdpfrag' })
    expect(peers.last.accepted[1]).toContain('a=ice-ufrag:new')
    expect(peers.last.accepted[1]).not.toContain('old')
    peers.last.become('connected')
    expect(media.state).toBe('up')
    expect(peers.all).toHaveLength(1)
  })

  it('takes the answer to a restart even when the path healed meanwhile', async () => {
    const media = await up()
    const good = http.answer
    let answerPatch = () => {}
    http.answer = (request) =>
      request.method === 'PATCH'
        ? new Promise((resolve) => (answerPatch = () => resolve(good(request))))
        : good(request)
    peers.last.become('disconnected')
    await clock.advance(1000)
    peers.last.become('connected')
    expect(media.state).toBe('up')
    answerPatch()
    await clock.advance(0)
    expect(peers.last.accepted[1]).toContain('a=ice-ufrag:new')
    expect(peers.all).toHaveLength(1)
  })

  it('leads to a new session when the server knows the old one no more', async () => {
    const good = http.answer
    http.answer = (request) => (request.method === 'PATCH' ? response(404) : good(request))
    const media = await up()
    peers.last.become('failed')
    await clock.advance(0)
    expect(peers.all).toHaveLength(2)
    expect(peers.all[0]?.closed).toBe(false) // the last picture stays until there is a new one
    peers.last.become('connected')
    expect(media.state).toBe('up')
    expect(peers.all[0]?.closed).toBe(true)
  })

  it('leads to a new session when the restart does not help', async () => {
    await up()
    peers.last.become('failed')
    await clock.advance(REPAIR_TIMEOUT_MS)
    expect(peers.all).toHaveLength(2)
  })
})

describe('a changed network', () => {
  it('is met by an ICE restart at once, though the old path seems to work', async () => {
    const media = await up()
    media.pathChanged()
    expect(media.state).toBe('repairing')
    await clock.advance(0)
    expect(http.count('PATCH')).toBe(1)
    expect(peers.last.accepted[1]).toContain('a=ice-ufrag:new')
    await clock.advance(10_000) // the path held: the browser says nothing more
    expect(media.state).toBe('up')
    expect(peers.all).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })

  it('is met without waiting for the answer to an attempt over the old one', async () => {
    const good = http.answer
    http.answer = (request) => (request.method === 'PATCH' ? new Promise(() => {}) : good(request))
    const media = await up()
    peers.last.become('failed')
    await clock.advance(500)
    http.answer = good
    media.pathChanged()
    await clock.advance(0)
    expect(http.count('PATCH')).toBe(2)
    expect(peers.last.accepted[1]).toContain('a=ice-ufrag:new')
  })

  it('is met again while HTTP finds no way', async () => {
    const good = http.answer
    http.answer = (request) => (request.method === 'PATCH' ? Promise.reject(new Error('network')) : good(request))
    const media = await up()
    media.pathChanged()
    await clock.advance(600)
    expect(media.state).toBe('repairing')
    http.answer = good
    await clock.advance(REPAIR_RETRY_MS)
    expect(peers.last.accepted[1]).toContain('a=ice-ufrag:new')
    peers.last.become('connected')
    expect(media.state).toBe('up')
    expect(peers.all).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })

  it('is not believed of a path that works, and at once of one that does not', async () => {
    const media = await up()
    media.hurry()
    expect(media.state).toBe('up')
    peers.last.become('disconnected')
    media.hurry()
    expect(media.state).toBe('repairing')
    await clock.advance(0)
    expect(media.state).toBe('repairing') // the answer alone heals nothing
    peers.last.become('connected')
    media.hurry()
    expect(media.state).toBe('up')
  })

  it('ends the wait for the next attempt', async () => {
    const good = http.answer
    http.answer = () => Promise.reject(new Error('network'))
    const media = session()
    media.start()
    await clock.advance(10_000)
    http.answer = good
    const before = http.count('POST')
    media.pathChanged()
    await clock.advance(0)
    expect(http.count('POST')).toBe(before + 1)
  })
})

describe('ending', () => {
  it('deletes the session and leaves nothing running', async () => {
    const media = await up()
    media.stop()
    await clock.advance(0)
    expect(http.requests[1]).toMatchObject({ method: 'DELETE', url: 'http://server/whip/sessions/1', keepAlive: true })
    expect(peers.last.closed).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('also ends a session that was answered too late', async () => {
    const media = session()
    media.start()
    media.stop()
    await clock.advance(0)
    expect(media.state).toBe('idle')
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
    expect(http.count('DELETE')).toBe(http.count('POST'))
  })

  it('opens anew at once when told that the server forgot it', async () => {
    const media = await up()
    media.restart()
    await clock.advance(0)
    expect(asked).toEqual([false, true])
    peers.last.become('connected')
    expect(media.state).toBe('up')
    expect(peers.all).toHaveLength(2)
  })
})

it('resolves a Location against the endpoint', () => {
  expect(resolved('https://relay-2:8443/whip/a/b', '/whip/sessions/x')).toBe('https://relay-2:8443/whip/sessions/x')
  expect(resolved('/whip/a/b', '/whip/sessions/x')).toBe('/whip/sessions/x')
  expect(resolved('/whip/a/b', 'https://other/s')).toBe('https://other/s')
})
