import { describe, expect, it } from 'vitest'
import { DEAD_AFTER_MS } from '../../../src/core/classroom/control'
import type { KnownAhead } from '../../../src/core/classroom/known_ahead'
import { response, snapshot } from '../../support/fakes'
import {
  CAMERA, clock, connect, endpoint, http, lesson, MICROPHONE, peers, publishers, sockets, useLesson, viewers,
} from '../../support/lesson_bench'

useLesson()

describe('a lesson that was seen live before it is entered', () => {
  const media = () => http.requests.map((one) => one.url).filter((url) => /wh[ei]p/.test(url))
  const access = () => ({
    camera: endpoint('http://server/whip/lesson/room-a.camera'),
    courseware: null,
    watch: endpoint('http://server/whep/lesson'),
  })
  const enter = (known: Partial<KnownAhead> = {}) => {
    void lesson.setCamera({ video: CAMERA, audio: MICROPHONE })
    lesson.start({ live: true, access: null, ...known })
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
