import { beforeEach, describe, expect, it } from 'vitest'
import { RETRY_FIRST_MS } from '../../../src/core/base/clock'
import { COMMAND_TIMEOUT_MS, ControlChannel, DEAD_AFTER_MS, MOVED_WITHIN_MS } from '../../../src/core/classroom/control'
import type { ControlOptions , CommandFailed} from '../../../src/core/classroom/control'
import { FakeSockets, snapshot } from '../../support/fakes'
import { VirtualClock } from '../../support/virtual_clock'

let clock: VirtualClock
let sockets: FakeSockets

beforeEach(() => {
  clock = new VirtualClock()
  sockets = new FakeSockets()
})

function channel(options: Partial<ControlOptions> = {}): ControlChannel {
  return new ControlChannel({
    url: 'ws://server/ws/lessons/1',
    openSocket: sockets.open,
    clock,
    random: () => 0,
    ...options,
  })
}

function joined(options: Partial<ControlOptions> = {}): ControlChannel {
  const control = channel(options)
  control.start()
  sockets.last.say(snapshot())
  return control
}

describe('joining and resuming', () => {
  it('says hello without a place the first time, and is open with the snapshot', () => {
    const control = channel()
    control.start()
    expect(sockets.last.hello).toEqual({ type: 'hello', version: 1, instance: null, seq: null })
    expect(control.status).toBe('connecting')
    sockets.last.say(snapshot())
    expect(control.status).toBe('open')
    expect(control.state?.you).toBe('room-a')
  })

  it('asks for a resume after a loss and keeps its state', async () => {
    const control = joined()
    let restarts = 0
    control.onRestarted.add(() => (restarts += 1))
    sockets.last.say({ type: 'mute_changed', seq: 11, muted_all: true })
    sockets.last.drop()
    expect(control.status).toBe('waiting')
    await clock.advance(200)
    expect(sockets.last.hello).toEqual({ type: 'hello', version: 1, instance: 'one', seq: 11 })
    sockets.last.say({ type: 'resumed', seq: 11 })
    expect(control.status).toBe('open')
    expect(control.state?.mutedAll).toBe(true)
    expect(restarts).toBe(0)
  })

  it('asks for everything after it was sent away: another page may have changed it meanwhile', async () => {
    const control = joined()
    sockets.last.say({ type: 'bye', reason: 'replaced' })
    control.start()
    expect(sockets.last.hello).toEqual({ type: 'hello', version: 1, instance: null, seq: null })
    sockets.last.drop()
    await clock.advance(200)
    expect(sockets.last.hello).toMatchObject({ instance: null })
    sockets.last.say(snapshot())
    sockets.last.drop()
    await clock.advance(200)
    expect(sockets.last.hello).toMatchObject({ instance: 'one' })
  })

  it('tells of a restarted server once, and not on the first snapshot', async () => {
    const control = joined()
    const seen: string[] = []
    control.onRestarted.add((state) => seen.push(state.instance))
    sockets.last.drop()
    await clock.advance(200)
    sockets.last.say(snapshot({ instance: 'two' }))
    expect(seen).toEqual(['two'])
  })

  it('follows a lesson that was moved at once, and tells that from a restart', async () => {
    const control = joined({ random: () => 0.5 })
    const seen: string[] = []
    control.onRestarted.add(() => seen.push('restarted'))
    control.onMoved.add((state) => seen.push(`moved to ${state.instance}`))
    sockets.last.say({ type: 'bye', reason: 'moved' })
    expect(control.status).toBe('waiting')
    await clock.advance(MOVED_WITHIN_MS / 2)
    expect(sockets.all).toHaveLength(2)
    sockets.last.say(snapshot({ instance: 'two' }))
    sockets.last.drop()
    await clock.advance(200)
    sockets.last.say(snapshot({ instance: 'three' }))
    expect(seen).toEqual(['moved to two', 'restarted'])
  })

  it('waits as after any loss where it is sent on before it was in', async () => {
    const control = channel()
    control.start()
    sockets.last.say({ type: 'bye', reason: 'moved' })
    await clock.advance(MOVED_WITHIN_MS)
    expect(sockets.all).toHaveLength(1)
    await clock.advance(RETRY_FIRST_MS)
    expect(sockets.all).toHaveLength(2)
  })
})

describe('a link that dies', () => {
  it('is noticed by silence, and a late word of the old socket changes nothing', async () => {
    const control = joined()
    const old = sockets.last
    await clock.advance(DEAD_AFTER_MS)
    expect(control.status).not.toBe('open')
    expect(old.closed).toBe(true)
    old.say({ type: 'mute_changed', seq: 99, muted_all: true })
    expect(control.state?.seq).toBe(10)
  })

  it('lives while the server answers pings', async () => {
    const control = joined()
    for (let i = 0; i < 20; i += 1) {
      await clock.advance(1000)
      const ping = sockets.last.last('ping')
      if (ping?.type === 'ping') sockets.last.say({ type: 'pong', sent_at: ping.sent_at })
    }
    expect(control.status).toBe('open')
    expect(sockets.all).toHaveLength(1)
    expect(sockets.last.sent.filter((one) => one.type === 'ping').length).toBeGreaterThanOrEqual(9)
  })

  it('is tried again at growing distances of at most two seconds, for ever', async () => {
    const control = joined()
    sockets.last.drop()
    const attempts: number[] = []
    for (let i = 0; i < 10; i += 1) {
      const before = sockets.all.length
      let waited = 0
      while (sockets.all.length === before) {
        await clock.advance(100)
        waited += 100
      }
      attempts.push(waited)
      sockets.last.drop()
    }
    expect(attempts.slice(0, 5)).toEqual([200, 400, 800, 1600, 2000])
    expect(Math.max(...attempts)).toBe(2000)
    expect(control.status).toBe('waiting')
  })

  it('gives up a connection that opens but never speaks', async () => {
    const control = channel()
    control.start()
    await clock.advance(DEAD_AFTER_MS)
    expect(control.status).not.toBe('open')
    expect(sockets.all[0]?.closed).toBe(true)
  })

  it('does not wait when it is nudged', async () => {
    const control = joined()
    sockets.last.drop()
    control.nudge()
    expect(sockets.all).toHaveLength(2)
    await clock.advance(300)
    expect(sockets.all).toHaveLength(2)
  })

  it('ends when the session is gone, but not when the question cannot be answered', async () => {
    const unreachable = channel({ stillWelcome: () => Promise.reject(new Error('no network')) })
    unreachable.start()
    sockets.last.drop()
    await clock.advance(250)
    expect(unreachable.status).toBe('connecting')

    const signedOut = channel({ stillWelcome: () => Promise.resolve(false) })
    signedOut.start()
    sockets.last.drop()
    await clock.advance(0)
    expect(signedOut.status).toBe('closed')
    expect(signedOut.bye).toBe('signed_out')
  })
})

describe('the server says goodbye', () => {
  it.each(['replaced', 'lesson_over', 'forbidden', 'flooding'] as const)('%s is final', async (reason) => {
    const control = joined()
    sockets.last.say({ type: 'bye', reason })
    await clock.advance(10_000)
    expect(control.status).toBe('closed')
    expect(control.bye).toBe(reason)
    expect(sockets.all).toHaveLength(1)
  })

  it('forbidden by an expired session is healed by renewing it', async () => {
    const control = joined({ stillWelcome: () => Promise.resolve(true) })
    sockets.last.drop()
    await clock.advance(200)
    sockets.last.say({ type: 'bye', reason: 'forbidden' })
    await clock.advance(1000)
    expect(sockets.all).toHaveLength(3)
    sockets.last.say({ type: 'resumed', seq: 10 })
    expect(control.status).toBe('open')
    expect(control.bye).toBeNull()
  })

  it('forbidden is final when the session is good, and signed out when it cannot be renewed', async () => {
    const uninvited = channel({ stillWelcome: () => Promise.resolve(true) })
    uninvited.start()
    for (let i = 0; i < 2; i += 1) {
      sockets.last.say({ type: 'bye', reason: 'forbidden' })
      await clock.advance(5000)
    }
    expect(uninvited.bye).toBe('forbidden')
    expect(sockets.all).toHaveLength(2)

    const expired = joined({ stillWelcome: () => Promise.resolve(false) })
    sockets.last.say({ type: 'bye', reason: 'forbidden' })
    await clock.advance(0)
    expect(expired.bye).toBe('signed_out')
  })

  it('forbidden is asked about again while the server cannot be reached, and not after a stop', async () => {
    let asked = 0
    const stillWelcome = () => Promise.reject(new Error(`no network ${(asked += 1)}`))
    const control = joined({ stillWelcome })
    for (let i = 0; i < 3; i += 1) {
      sockets.last.say({ type: 'bye', reason: 'forbidden' })
      control.nudge() // must not overtake the question
      await clock.advance(2000)
    }
    expect(asked).toBe(3)
    expect(sockets.all).toHaveLength(4)
    sockets.last.say({ type: 'bye', reason: 'forbidden' })
    control.stop()
    await clock.advance(5000)
    expect(sockets.all).toHaveLength(4)
    expect(clock.waiting).toBe(0)
  })

  it.each(['shutdown', 'too_slow'] as const)('%s is worth a reconnect', async (reason) => {
    const control = joined()
    sockets.last.say({ type: 'bye', reason })
    await clock.advance(200)
    expect(sockets.all).toHaveLength(2)
    expect(control.bye).toBeNull()
  })

  it('can be started again by hand', () => {
    const control = joined()
    sockets.last.say({ type: 'bye', reason: 'replaced' })
    control.start()
    expect(control.bye).toBeNull()
    expect(sockets.all).toHaveLength(2)
  })
})

describe('commands', () => {
  it('resolve with their own ack', async () => {
    const control = joined()
    const first = control.send({ type: 'raise_hand' })
    const second = control.send({ type: 'mute_all', muted: true })
    const ids = sockets.last.sent.flatMap((one) => ('id' in one ? [one.id] : []))
    sockets.last.say({ type: 'error', id: ids[1] ?? 0, code: 'forbidden', detail: '', field: null })
    sockets.last.say({ type: 'ack', id: ids[0] ?? 0 })
    await expect(first).resolves.toBeUndefined()
    await expect(second).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('time out, and fail at once without a connection', async () => {
    const control = channel()
    await expect(control.send({ type: 'raise_hand' })).rejects.toMatchObject({ code: 'not_connected' })
    const open = joined()
    const command = open.send({ type: 'raise_hand' })
    const outcome = expect(command).rejects.toMatchObject({ code: 'timeout' })
    for (let i = 0; i * 1000 < COMMAND_TIMEOUT_MS; i += 1) {
      await clock.advance(1000)
      sockets.last.say({ type: 'pong', sent_at: 0 })
    }
    await outcome
  })

  it('fail when the connection breaks, and are bounded', async () => {
    const control = joined()
    const commands = Array.from({ length: 65 }, () => control.send({ type: 'raise_hand' }))
    const codes = Promise.all(
      commands.map((one) => one.catch((failure: unknown) => (failure as CommandFailed).code)),
    )
    sockets.last.drop()
    const failed = await codes
    expect(failed.filter((code) => code === 'connection_lost')).toHaveLength(64)
    expect(failed[64]).toBe('too_many_commands')
  })

  it('survive nonsense from the network', () => {
    const control = joined()
    for (const text of ['', '{', 'null', '[]', '7', '{"type":"of the future"}']) sockets.last.say(text)
    expect(control.status).toBe('open')
  })
})

it('leaves no timer behind when it is stopped', async () => {
  const control = joined()
  void control.send({ type: 'raise_hand' }).catch(() => {})
  control.stop()
  expect(clock.waiting).toBe(0)
  await clock.advance(10_000)
  expect(sockets.all).toHaveLength(1)
})
