import { describe, expect, it } from 'vitest'
import {
  answer, clock, grant, NEW, OLD, peers, publisher, sent, settle, show, up, usePublisher,
} from '../../support/publisher_bench'

usePublisher()

describe('a source that nobody waits for', () => {
  const active = () => peers.last.senders[0]?.active
  const begin = async () => {
    publisher.setModest(true)
    await up()
  }

  it('begins with its lowest layer, at a low rate', async () => {
    await begin()
    expect(active()).toEqual(['l'])
    expect(peers.last.accepted[0]).toBe('v=0\r\n') // no section of pictures to say it in
  })

  it('sends what the server wants as soon as it says so', async () => {
    await begin()
    publisher.setWanted({ layers: ['l', 'h'], sound: false })
    await clock.advance(0)
    expect(active()).toEqual(['l', 'h'])
  })

  it('sends everything where the server says nothing', async () => {
    await begin()
    await clock.advance(2900)
    expect(active()).toEqual(['l'])
    await clock.advance(200)
    expect(active()).toEqual(['l', 'm', 'h'])
  })

  it('sends everything at once when it is called on stage', async () => {
    await begin()
    publisher.setModest(false)
    await clock.advance(0)
    expect(active()).toEqual(['l', 'm', 'h'])
  })
})

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

describe('a device pulled out', () => {
  const VOICE = { id: 'microphone', kind: 'audio' }

  it('leaves its sender empty, and the session alone', async () => {
    publisher.allow(true)
    await publisher.setTracks({ video: OLD, audio: VOICE })
    await settle(grant)
    await settle(answer)
    peers.last.become('connected')
    await publisher.setTracks({ video: OLD, audio: null })
    expect(peers.last.senders.map((one) => one.track)).toEqual([null, OLD])
    await publisher.setTracks({ video: OLD, audio: VOICE })
    expect(peers.last.senders.map((one) => one.track)).toEqual([VOICE, OLD])
    expect(peers.all).toHaveLength(1)
    expect(publisher.state).toBe('up')
  })

  it('that the session never had needs a new one', async () => {
    await up()
    await publisher.setTracks({ video: OLD, audio: VOICE })
    await settle(grant)
    await settle(answer)
    expect(peers.all).toHaveLength(2)
    expect(sent()).toEqual([VOICE, OLD])
  })
})

describe('sound that is sent', () => {
  it('is measured once a second, and unknown in a new session', async () => {
    await up()
    const rows = (packetsSent: number, totalAudioEnergy: number) => [
      { type: 'outbound-rtp', kind: 'audio', packetsSent },
      { type: 'media-source', kind: 'audio', totalAudioEnergy, totalSamplesDuration: packetsSent / 50 },
    ]
    peers.last.rows = rows(50, 1)
    await clock.advance(1000)
    peers.last.rows = rows(100, 1.25)
    await clock.advance(1000)
    expect(publisher.sentSound).toEqual({ packets: 100, rms: 0.5 })
    publisher.session.restart()
    expect(publisher.sentSound).toEqual({ packets: null, rms: null })
  })
})
