import { describe, expect, it } from 'vitest'
import { ServerClock } from '../../../src/core/base/server_clock'
import { VirtualClock } from '../../support/virtual_clock'

const TRUE_MS = Date.parse('2026-11-22T00:00:00Z')
const DAY_MS = 86_400_000

/** A computer whose date is wrong by so much, and can be set or sent to sleep. */
class Computer extends VirtualClock {
  wrongMs = 0
  override wall(): number {
    return super.wall() + this.wrongMs
  }
}

describe('the server’s time', () => {
  const at = (ms: number) => new Date(TRUE_MS + ms).toISOString()

  it.each([-DAY_MS, 0, DAY_MS])('does not care that the computer is wrong by %i ms', async (wrongMs) => {
    const computer = new Computer()
    computer.wrongMs = wrongMs
    const server = new ServerClock(computer)
    server.heard(at(0))
    await computer.advance(90_000)
    expect(server.now()).toBe(TRUE_MS + 90_000)
    computer.wrongMs += 3 * DAY_MS // somebody sets the date
    expect(server.now()).toBe(TRUE_MS + 90_000)
  })

  it('keeps the answer that was least late', async () => {
    const computer = new Computer()
    const server = new ServerClock(computer)
    server.heard(at(-900)) // 0.9 s on its way
    server.heard(at(-20))
    await computer.advance(5000)
    server.heard(at(4200))
    expect(server.now()).toBe(TRUE_MS + 4980)
  })

  it('follows a server’s clock that was set, and an old answer gives way', async () => {
    const computer = new Computer()
    const server = new ServerClock(computer)
    server.heard(at(0))
    server.heard(at(-3_600_000))
    expect(server.now()).toBe(TRUE_MS - 3_600_000)
    await computer.advance(61_000)
    server.heard(at(-3_600_000 + 60_500))
    expect(server.now()).toBe(TRUE_MS - 3_600_000 + 60_500)
  })

  it('is doubtful before the first answer, after sleep, and after ten minutes', async () => {
    const computer = new Computer()
    const server = new ServerClock(computer)
    expect(server.isDoubtful).toBe(true)
    server.heard(at(0))
    expect(server.isDoubtful).toBe(false)
    computer.wrongMs += 60_000 // slept: its other clock stood still
    expect(server.isDoubtful).toBe(true)
    server.heard(at(60_000))
    expect([server.isDoubtful, server.now()]).toEqual([false, TRUE_MS + 60_000])
    await computer.advance(601_000)
    expect(server.isDoubtful).toBe(true)
  })

  it('takes no time that is none', () => {
    const server = new ServerClock(new Computer())
    server.heard('soon')
    expect(server.isDoubtful).toBe(true)
  })
})
