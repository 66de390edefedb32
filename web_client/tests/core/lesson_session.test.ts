import { beforeEach, describe, expect, it } from 'vitest'
import { DEAD_AFTER_MS } from '../../src/core/control'
import type { KnownAhead } from '../../src/core/known_ahead'
import { LessonSession } from '../../src/core/lesson_session'
import { CAMERA_LAYERS } from '../../src/core/publisher'
import { RestClient } from '../../src/core/rest'
import { CLASSROOM_SLOTS } from '../../src/core/viewer'
import type { FakePeer } from '../support/fakes'
import { FakeHttp, FakePeers, FakeSockets, response, snapshot } from '../support/fakes'
import { VirtualClock } from '../support/virtual_clock'

const CAMERA = { id: 'camera', kind: 'video' }
const MICROPHONE = { id: 'microphone', kind: 'audio' }
const endpoint = (url: string) => ({ url, token: 'T', expires_at: '2026-11-22T06:00:00Z' })

let clock: VirtualClock
let http: FakeHttp
let peers: FakePeers
let sockets: FakeSockets
let lesson: LessonSession
let stillWelcome: () => Promise<boolean>

beforeEach(() => {
  clock = new VirtualClock()
  http = new FakeHttp()
  peers = new FakePeers()
  sockets = new FakeSockets()
  http.answer = ({ method, url }) => {
    if (url.endsWith('/media-access')) {
      return response(200, {
        camera: endpoint('http://server/whip/lesson/room-a.camera'),
        courseware: null,
        watch: endpoint('http://server/whep/lesson'),
      })
    }
    return method === 'POST' ? response(201, 'v=0\r\n', { Location: `/sessions/${http.count('POST')}` }) : response(200)
  }
  stillWelcome = () => Promise.resolve(true)
  lesson = new LessonSession({
    stillWelcome: () => stillWelcome(),
    lessonId: 'lesson',
    controlUrl: 'ws://server/ws/lessons/lesson',
    slots: CLASSROOM_SLOTS,
    codec: 'H264',
    rest: new RestClient(http.http),
    http: http.http,
    clock,
    openSocket: sockets.open,
    openPeer: peers.open,
    random: () => 0,
  })
})

const publishers = () => peers.all.filter((peer) => peer.senders.length > 0)
const viewers = () => peers.all.filter((peer) => peer.receivers.length > 0)
const connect = (list: FakePeer[]) => list[list.length - 1]?.become('connected')

async function live(): Promise<void> {
  void lesson.setCamera({ video: CAMERA, audio: MICROPHONE })
  lesson.start()
  sockets.last.say(snapshot())
  await clock.advance(0)
  connect(publishers())
  connect(viewers())
}

describe('a codec that somebody does not decode', () => {
  it('is left for VP8, in a new session of the source that is named', async () => {
    await live()
    const before = peers.all.length
    sockets.last.say({ type: 'codec_lacking', source_id: 'room-b.camera' })
    await clock.advance(0)
    expect(peers.all.length).toBe(before)
    sockets.last.say({ type: 'codec_lacking', source_id: 'room-a.camera' })
    sockets.last.say({ type: 'codec_lacking', source_id: 'room-a.camera' })
    await clock.advance(0)
    expect(peers.all.length).toBe(before + 1)
    expect(peers.last.codecs).toEqual(['VP8', 'VP8'])
  })
})

describe('layers that nobody wants', () => {
  const active = () => publishers()[0]?.senders[1]?.active

  it('are switched off and on as the server says, in the source that it names', async () => {
    await live()
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-a.camera', layers: ['l'], sound: true })
    expect(active()).toEqual(['l'])
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-b.camera', layers: ['h'], sound: true })
    expect(active()).toEqual(['l'])
  })

  it('are sent again when nobody can say any more what is wanted', async () => {
    await live()
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-a.camera', layers: ['l'], sound: true })
    sockets.last.drop()
    await clock.advance(1000)
    expect(active()).toEqual(['l'])
    await clock.advance(6000)
    expect(active()).toEqual(['l', 'm', 'h'])
  })

  it('go and come back together with the sound that nobody wants', async () => {
    await live()
    const paused = () => publishers()[0]?.senders[0]?.paused
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-a.camera', layers: ['l'], sound: false })
    expect([active(), paused()]).toEqual([['l'], true])
    sockets.last.drop()
    await clock.advance(6000)
    expect([active(), paused()]).toEqual([['l', 'm', 'h'], false])
  })

  it('stay away over a short break of the channel', async () => {
    await live()
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-a.camera', layers: ['l'], sound: true })
    sockets.last.drop()
    await clock.advance(500)
    sockets.last.say({ type: 'resumed', seq: 10 })
    await clock.advance(4000)
    expect(active()).toEqual(['l'])
  })
})

describe('a source that the server ended', () => {
  it('is told with the reason', async () => {
    await live()
    const told: string[] = []
    lesson.control.onSourceRefused.add(({ source_id, reason }) => told.push(`${source_id} ${reason}`))
    sockets.last.say({ type: 'source_refused', source_id: 'lead.camera', reason: 'b_frames' })
    expect(told).toEqual(['lead.camera b_frames'])
  })
})

describe('the sound of a room', () => {
  const paused = () => publishers()[0]?.senders[0]?.paused
  const wish = (sound: boolean) =>
    sockets.last.say({ type: 'layers_wanted', source_id: 'room-a.camera', layers: ['l'], sound })
  let seq = 10
  const stage = (...on_stage: string[]) => sockets.last.say({ type: 'stage_changed', seq: ++seq, on_stage })
  const mute = (muted_all: boolean) => sockets.last.say({ type: 'mute_changed', seq: ++seq, muted_all })

  it('goes out with the first news of its being called, and pauses when the server says so', async () => {
    await live()
    wish(false)
    stage('room-b')
    expect(paused()).toBe(true)
    stage('room-b', 'room-a')
    expect(paused()).toBe(false)
    wish(true)
    stage()
    expect(paused()).toBe(false)
    wish(false)
    expect(paused()).toBe(true)
  })

  it('goes out when the wish comes before the news', async () => {
    await live()
    wish(false)
    wish(true)
    expect(paused()).toBe(false)
    stage('room-a')
    expect(paused()).toBe(false)
  })

  it('is back with the lifting of 全体静音', async () => {
    await live()
    stage('room-a')
    mute(true)
    wish(false)
    expect(paused()).toBe(true)
    mute(false)
    expect(paused()).toBe(false)
  })
})

it('does not come to life when its page was left before it was opened', () => {
  lesson.stop()
  lesson.start()
  expect(sockets.all).toHaveLength(0)
})

describe('a lesson that is not live', () => {
  it('has no media until it starts', async () => {
    void lesson.setCamera({ video: CAMERA, audio: MICROPHONE })
    lesson.start()
    const waiting = snapshot().lesson
    sockets.last.say(snapshot({ lesson: { ...waiting, state: 'scheduled' } }))
    await clock.advance(1000)
    expect(peers.all).toHaveLength(0)
    sockets.last.say({ type: 'lesson_changed', seq: 11, lesson: waiting })
    await clock.advance(0)
    expect(publishers()).toHaveLength(1)
    expect(viewers()).toHaveLength(1)
  })
})

describe('a lesson that was seen live before it is entered', () => {
  const media = () => http.requests.map((one) => one.url).filter((url) => /wh[ei]p/.test(url))
  const access = () => ({
    camera: endpoint('http://server/whip/lesson/room-a.camera'),
    courseware: null,
    watch: endpoint('http://server/whep/lesson'),
  })
  const enter = (known: Partial<KnownAhead> = {}) => {
    void lesson.setCamera({ video: CAMERA, audio: MICROPHONE })
    lesson.start({ live: true, access: null, serverAheadMs: 0, ...known })
  }

  it('has what is watched opened beside the control channel, and publishes when that says so', async () => {
    enter()
    await clock.advance(4000)
    expect(sockets.all).toHaveLength(1)
    expect(media()).toEqual(['http://server/whep/lesson'])
    sockets.last.say(snapshot())
    await clock.advance(0)
    expect(media()).toEqual(['http://server/whep/lesson', 'http://server/whip/lesson/room-a.camera'])
    expect(peers.all).toHaveLength(2)
    expect(http.count('POST', 'media-access')).toBe(1)
  })

  it('is not watched any more when nobody lets the page in, until somebody does', async () => {
    enter()
    await clock.advance(0)
    connect(viewers())
    await clock.advance(DEAD_AFTER_MS - 1)
    expect(lesson.viewer.state).toBe('up')
    await clock.advance(1)
    expect(lesson.viewer.state).toBe('idle')
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
    expect(http.count('DELETE')).toBe(1)
    await clock.advance(10_000)
    expect(peers.all).toHaveLength(1)
    sockets.last.say(snapshot())
    await clock.advance(0)
    expect(viewers()).toHaveLength(2)
    expect(publishers()).toHaveLength(1)
  })

  it('goes on being watched once the page was let in, whatever becomes of the channel', async () => {
    enter()
    await clock.advance(0)
    connect(viewers())
    sockets.last.say(snapshot())
    sockets.last.drop()
    await clock.advance(DEAD_AFTER_MS)
    expect(lesson.viewer.state).toBe('up')
    lesson.stop()
    expect(clock.waiting).toBe(0)
  })

  it('leaves nothing behind when the page goes before it was let in', async () => {
    enter()
    await clock.advance(0)
    lesson.stop()
    await clock.advance(0)
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('needs no answer for tokens that are at hand, and asks when they are refused', async () => {
    const good = http.answer
    http.answer = (request) =>
      request.url.includes('/whe') && http.count('POST', '/whep') === 1 ? response(401) : good(request)
    enter({ access: Promise.resolve(access()) })
    await clock.advance(0)
    expect(http.count('POST', '/whep')).toBe(1)
    expect(http.count('POST', 'media-access')).toBe(0)
    await clock.advance(1000)
    expect(http.count('POST', 'media-access')).toBe(1)
    connect(viewers())
    expect(lesson.viewer.state).toBe('up')
  })

  it('asks for tokens where those of before are spent: the page slept', async () => {
    const spent = { ...endpoint('http://server/whep/lesson'), token: 'spent', expires_at: '2026-11-22T00:00:05Z' }
    enter({ access: Promise.resolve({ ...access(), watch: spent }) })
    await clock.advance(0)
    expect(http.count('POST', 'media-access')).toBe(1)
    expect(http.requests.map((one) => one.headers?.Authorization)).not.toContain('Bearer spent')
  })

  it('asks for tokens where those of before never came', async () => {
    enter({ access: Promise.reject(new Error('no network')) })
    await clock.advance(1000)
    expect(http.count('POST', 'media-access')).toBe(1)
    expect(viewers()).toHaveLength(1)
  })

  it('lets go of the media when it is not live any more', async () => {
    enter()
    await clock.advance(0)
    sockets.last.say(snapshot({ lesson: { ...snapshot().lesson, state: 'ended' } }))
    await clock.advance(0)
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
  })

  it('tries again with the snapshot what was refused before there was a room', async () => {
    const good = http.answer
    http.answer = (request) =>
      /whep/.test(request.url) ? response(409, { code: 'wrong_state' }) : good(request)
    enter()
    await clock.advance(1000) // attempts are two seconds apart by now
    const before = http.count('POST', '/whep')
    http.answer = good
    sockets.last.say(snapshot())
    await clock.advance(0)
    expect(http.count('POST', '/whep')).toBe(before + 1)
    expect(viewers()).toHaveLength(before + 1)
  })
})

describe('a live lesson', () => {
  it('asks once for its tokens, publishes three layers and opens fixed slots', async () => {
    await live()
    expect(http.count('POST', 'media-access')).toBe(1)
    expect(publishers()[0]?.senders.map((one) => one.track?.id)).toEqual(['microphone', 'camera'])
    expect(publishers()[0]?.senders[1]?.encodings).toEqual(CAMERA_LAYERS)
    expect(viewers()[0]?.receivers.map((one) => one.kind)).toEqual([
      ...['video', 'video', 'video'],
      ...['audio', 'audio', 'audio', 'audio'],
    ])
    expect(lesson.viewer.tracks.video).toHaveLength(3)
  })

  it('swaps a changed device in place', async () => {
    await live()
    await lesson.setCamera({ video: { id: 'other', kind: 'video' }, audio: MICROPHONE })
    expect(publishers()).toHaveLength(1)
    expect(publishers()[0]?.senders[1]?.track?.id).toBe('other')
  })

  it('publishes anew when a kind of track comes or goes', async () => {
    await live()
    await lesson.setCamera({ video: null, audio: MICROPHONE })
    await clock.advance(0)
    expect(publishers()).toHaveLength(2)
    expect(publishers()[1]?.senders.map((one) => one.track?.id)).toEqual(['microphone'])
    await lesson.setCamera({ video: null, audio: null })
    expect(lesson.camera.state).toBe('idle')
  })

  it('keeps its media when only the control channel is lost', async () => {
    await live()
    sockets.last.drop()
    await clock.advance(300)
    sockets.last.say({ type: 'resumed', seq: 10 })
    await clock.advance(1000)
    expect(peers.all).toHaveLength(2)
    expect(lesson.viewer.state).toBe('up')
  })

  it('is back with everything within five seconds of a server restart', async () => {
    await live()
    lesson.setView([{ slot: 0, source_id: 'lead.camera', max_layer: 'h', max_height: 720 }])
    lesson.setDevices({ camera: 'ok', microphone: 'ok', loudspeaker: 'unknown' })
    await clock.advance(200)
    sockets.last.drop()
    // The server is away for eight seconds: every attempt is refused.
    const down = clock.now() + 8000
    while (clock.now() < down) {
      const before = sockets.all.length
      await clock.advance(100)
      if (sockets.all.length > before) sockets.last.drop()
    }
    const attempts = sockets.all.length
    while (sockets.all.length === attempts) await clock.advance(100)
    sockets.last.say(snapshot({ instance: 'two', seq: 0 }))
    await clock.advance(200)
    connect(publishers())
    connect(viewers())
    expect(clock.now() - down).toBeLessThan(5000)
    expect(lesson.camera.state).toBe('up')
    expect(lesson.viewer.state).toBe('up')
    expect(http.count('POST', 'media-access')).toBe(2)
    expect(sockets.last.last('view')).toMatchObject({ slots: [{ slot: 0, source_id: 'lead.camera' }] })
    expect(sockets.last.last('set_devices')).toMatchObject({ devices: { camera: 'ok' } })
    expect(viewers()[0]?.closed).toBe(true)
  })

  it('leaves its sources to the page that replaced it, and takes them back when asked', async () => {
    await live()
    sockets.last.say({ type: 'bye', reason: 'replaced' })
    await clock.advance(10_000)
    expect(peers.all).toHaveLength(2)
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
    lesson.start()
    expect(sockets.last.hello).toMatchObject({ instance: null, seq: null }) // `resumed` would tell it nothing
    sockets.last.say(snapshot())
    await clock.advance(0)
    expect(publishers()).toHaveLength(2)
    expect(viewers()).toHaveLength(2)
  })

  it('stops all media when the lesson ends', async () => {
    await live()
    sockets.last.say({ type: 'lesson_changed', seq: 11, lesson: { ...snapshot().lesson, state: 'ended' } })
    await clock.advance(0)
    expect(peers.all.every((peer) => peer.closed)).toBe(true)
    lesson.stop()
    await clock.advance(1000)
    expect(clock.waiting).toBe(0)
  })
})

describe('a session that runs out while the channel is open', () => {
  const refuse = () => {
    const good = http.answer
    http.answer = (request) =>
      request.url.endsWith('/media-access') ? response(401, { code: 'not_signed_in' }) : good(request)
    return () => (http.answer = good)
  }

  it('is renewed before media are asked for again', async () => {
    const renew = refuse()
    stillWelcome = async () => Boolean(renew())
    await live()
    await clock.advance(1000)
    connect(publishers())
    connect(viewers())
    expect(lesson.camera.state).toBe('up')
    expect(lesson.viewer.state).toBe('up')
    expect(lesson.control.status).toBe('open')
  })

  it('is said to be over when it cannot be renewed, and not for want of a network', async () => {
    refuse()
    stillWelcome = () => Promise.reject(new Error('no network'))
    await live()
    expect(lesson.control.status).toBe('open')
    stillWelcome = () => Promise.resolve(false)
    await clock.advance(1000)
    expect(lesson.control.bye).toBe('signed_out')
    expect(lesson.viewer.state).toBe('idle')
  })
})

describe('the view', () => {
  const view = (layer: string) => [{ slot: 0, source_id: 'lead.camera', max_layer: layer }]
  const sent = () => sockets.last.sent.filter((one) => one.type === 'view')

  it('is sent once when the layout has settled, and again only when new', async () => {
    await live()
    lesson.setView(view('l'))
    lesson.setView(view('h'))
    await clock.advance(200)
    expect(sent()).toMatchObject([{ slots: view('h') }])
    lesson.setView(view('h'))
    await clock.advance(200)
    expect(sent()).toHaveLength(1)
  })

  it('can be pinned against the layout', async () => {
    await live()
    lesson.pinView(view('l'))
    lesson.setView(view('h'))
    await clock.advance(200)
    expect(sent()).toMatchObject([{ slots: view('l') }])
    lesson.pinView(null)
    await clock.advance(200)
    expect(sent()[1]).toMatchObject({ slots: view('h') })
  })
})
