import { describe, expect, it } from 'vitest'
import {
  answer, clock, grant, OLD, peers, publisher, sent, settle, show, up, usePublisher,
} from '../../support/publisher_bench'

usePublisher()

describe('layers that nobody wants', () => {
  const active = () => peers.last.senders[0]?.active

  it('are not sent, and sent at once when they are wanted again', async () => {
    await up()
    expect(active()).toEqual(['l', 'm', 'h'])
    publisher.setWanted({ layers: ['l'], sound: true })
    expect(active()).toEqual(['l'])
    publisher.setWanted({ layers: ['l', 'h'], sound: true })
    expect(active()).toEqual(['l', 'h'])
    publisher.setWanted({ layers: [], sound: true })
    expect(active()).toEqual([])
    publisher.setWanted(null)
    expect(active()).toEqual(['l', 'm', 'h'])
  })

  it('come at the second try, and if that is refused as well at the next word', async () => {
    await up()
    publisher.setWanted({ layers: ['l'], sound: true })
    peers.last.refusals.layers = 1
    publisher.setWanted({ layers: ['l', 'h'], sound: true })
    await clock.advance(249)
    expect(active()).toEqual(['l'])
    await clock.advance(1)
    expect(active()).toEqual(['l', 'h'])
    peers.last.refusals.layers = 2
    publisher.setWanted({ layers: ['m'], sound: true })
    await clock.advance(10_000)
    expect(active()).toEqual(['l', 'h'])
    publisher.setWanted({ layers: ['m'], sound: true })
    expect(active()).toEqual(['m'])
  })

  it('are not asked for again when others are wanted by then, or the session has gone', async () => {
    await up()
    peers.last.refusals.layers = 1
    publisher.setWanted({ layers: ['l'], sound: true })
    publisher.setWanted({ layers: ['h'], sound: true })
    await clock.advance(1000)
    expect(active()).toEqual(['h'])
    peers.last.refusals.layers = 1
    publisher.setWanted({ layers: ['l'], sound: true })
    await clock.advance(100)
    publisher.allow(false)
    expect(clock.waiting).toBe(0)
  })

  it('stay away when the path is repaired', async () => {
    await up()
    publisher.setWanted({ layers: ['l'], sound: true })
    peers.last.become('failed')
    peers.last.become('connected')
    expect(publisher.state).toBe('up')
    expect(active()).toEqual(['l'])
  })

  it('are sent in a new session until the server says otherwise', async () => {
    await up()
    publisher.setWanted({ layers: ['l'], sound: true })
    publisher.session.restart()
    await settle(grant)
    publisher.setWanted({ layers: ['m'], sound: true }) // of the old session: the server has not the new one yet
    await settle(answer)
    peers.last.become('connected')
    expect(peers.all).toHaveLength(2)
    expect(active()).toEqual(['l', 'm', 'h'])
    publisher.setWanted({ layers: ['h'], sound: true })
    expect(active()).toEqual(['h'])
  })

  it('are those of the new session as soon as the server has it', async () => {
    publisher.allow(true)
    await show(OLD)
    await settle(grant)
    await settle(answer)
    publisher.setWanted({ layers: ['m'], sound: true }) // it was up for the server first
    expect(active()).toEqual(['l', 'm', 'h'])
    peers.last.become('connected')
    expect(active()).toEqual(['m'])
  })

  it('come back below the wanted one when the uplink is short', async () => {
    await up()
    publisher.setWanted({ layers: ['h'], sound: true })
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

describe('sound that nobody wants', () => {
  const VOICE = { id: 'microphone', kind: 'audio' }
  const paused = () => peers.last.senders[0]?.paused
  const want = (sound: boolean, layers = ['l', 'm', 'h']) => publisher.setWanted({ layers, sound })

  async function speaking(wishBefore: boolean | null = null): Promise<void> {
    publisher.allow(true)
    await publisher.setTracks({ video: OLD, audio: VOICE })
    await settle(grant)
    await settle(answer)
    if (wishBefore !== null) want(wishBefore)
    peers.last.become('connected')
  }

  it('pauses, whatever the layers do, and goes on at once when it is wanted', async () => {
    await speaking()
    expect(paused()).toBe(false)
    want(false)
    expect(paused()).toBe(true)
    want(false, ['l'])
    expect(paused()).toBe(true)
    want(true, ['l'])
    expect(paused()).toBe(false)
    expect(peers.last.senders[1]?.active).toEqual(['l'])
  })

  it('pauses from the beginning where the server says so before the session is up', async () => {
    await speaking(false)
    expect(paused()).toBe(true)
    expect(peers.all).toHaveLength(1)
  })

  it('goes on when nobody can say any more what is wanted', async () => {
    await speaking(false)
    publisher.setWanted(null)
    expect(paused()).toBe(false)
  })

  it('goes on in a new session, until the server says otherwise', async () => {
    await speaking(false)
    publisher.session.restart()
    await settle(grant)
    want(false) // of the old session
    await settle(answer)
    peers.last.become('connected')
    expect(peers.all).toHaveLength(2)
    expect(paused()).toBe(false)
    want(false)
    expect(paused()).toBe(true)
  })

  it('stays away when another microphone is chosen, and when the path is repaired', async () => {
    await speaking(false)
    await publisher.setTracks({ video: OLD, audio: { id: 'other', kind: 'audio' } })
    peers.last.become('failed')
    peers.last.become('connected')
    expect(publisher.state).toBe('up')
    expect(sent()[0]?.id).toBe('other')
    expect(paused()).toBe(true)
    want(true)
    expect(paused()).toBe(false)
  })

  it('goes on at the second try, in the same session', async () => {
    await speaking(false)
    peers.last.refusals.goOn = 1
    publisher.setHeard(true)
    await clock.advance(249)
    expect(paused()).toBe(true)
    await clock.advance(1)
    expect(paused()).toBe(false)
    expect(publisher.state).toBe('up')
    expect(peers.all).toHaveLength(1)
  })

  it('goes on in a new session where this one refuses twice, and only in one', async () => {
    peers.refusals.goOn = Infinity
    await speaking(false)
    publisher.setHeard(true)
    await clock.advance(250)
    expect(publisher.state).toBe('opening')
    await settle(grant)
    await settle(answer)
    peers.last.become('connected')
    await clock.advance(10_000)
    expect(peers.all).toHaveLength(2)
    expect(paused()).toBe(false)
    expect(publisher.state).toBe('up')
  })

  it('is not tried again when it is not wanted any more, or the session has gone', async () => {
    await speaking(false)
    peers.last.refusals.goOn = 1
    want(true)
    await clock.advance(100)
    want(false)
    peers.last.refusals.pause = 1
    await clock.advance(1000)
    expect(paused()).toBe(true)
    expect(peers.last.refusals.pause).toBe(1) // nobody asked
    peers.last.refusals.goOn = 1
    want(true)
    await clock.advance(100)
    publisher.allow(false)
    expect(clock.waiting).toBe(0)
  })

  it('that does not pause costs no session: it is tried once more, and at the next word', async () => {
    await speaking()
    peers.last.refusals.pause = 2
    want(false)
    await clock.advance(1000)
    expect(paused()).toBe(false)
    expect(publisher.state).toBe('up')
    want(false)
    expect(paused()).toBe(true)
    expect(peers.all).toHaveLength(1)
  })
})
