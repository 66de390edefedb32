import { describe, expect, it } from 'vitest'
import { MOVED_WITHIN_MS } from '../../../src/core/classroom/control'
import { CAMERA_LAYERS } from '../../../src/core/media/publisher'
import { response, snapshot } from '../../support/fakes'
import {
  CAMERA, clock, connect, http, lesson, live, MICROPHONE, peers, publishers, sockets, useLesson, viewers,
  welcomeIs,
} from '../../support/lesson_bench'

useLesson()

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

  it('keeps the place of a device that was pulled out, and fills it when it is back', async () => {
    await live()
    await lesson.setCamera({ video: null, audio: MICROPHONE })
    await clock.advance(0)
    expect(publishers()).toHaveLength(1)
    expect(publishers()[0]?.senders.map((one) => one.track?.id)).toEqual(['microphone', undefined])
    await lesson.setCamera({ video: { id: 'back', kind: 'video' }, audio: MICROPHONE })
    expect(publishers()).toHaveLength(1)
    expect(publishers()[0]?.senders.map((one) => one.track?.id)).toEqual(['microphone', 'back'])
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

  it('opens all media side by side where the lesson was moved, and keeps the old ones until then', async () => {
    await live()
    const before = [...peers.all]
    sockets.last.say({ type: 'bye', reason: 'moved' })
    await clock.advance(MOVED_WITHIN_MS)
    sockets.last.say(snapshot({ instance: 'two', seq: 0 }))
    await clock.advance(0)
    expect(publishers()).toHaveLength(2)
    expect(viewers()).toHaveLength(2)
    expect(before.some((peer) => peer.closed)).toBe(false)
    connect(publishers())
    connect(viewers())
    expect(before.every((peer) => peer.closed)).toBe(true)
    expect(http.count('POST', 'media-access')).toBe(2)
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
    welcomeIs(async () => Boolean(renew()))
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
    welcomeIs(() => Promise.reject(new Error('no network')))
    await live()
    expect(lesson.control.status).toBe('open')
    welcomeIs(() => Promise.resolve(false))
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
