import { describe, expect, it } from 'vitest'
import { clock, lesson, live, peers, publishers, sockets, useLesson } from '../../support/lesson_bench'

useLesson()

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

describe('a viewing session whose carrier is gone', () => {
  it('is opened anew at once, and what flows stays until the new one is up', async () => {
    await live()
    const before = peers.all.length
    const old = lesson.viewer.session.peer
    sockets.last.say({ type: 'reopen' })
    await clock.advance(0)
    expect(peers.all.length).toBe(before + 1)
    expect(lesson.viewer.session.peer).toBe(peers.last)
    expect(peers.all.find((peer) => peer === old)?.closed).toBe(false)
    peers.last.become('connected')
    await clock.advance(0)
    expect(peers.all.find((peer) => peer === old)?.closed).toBe(true)
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
