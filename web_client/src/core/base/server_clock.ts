/**
 * The server's time: heard in its answers, carried on by a clock that never jumps. The computer's date is not used.
 */
import type { Clock } from './clock'

const LATE_MS = 2000 // ms; an answer so far behind our reckoning means that the server's clock was set
const KEEP_MS = 60_000 // after so long the computer's quartz counts as little as a slow answer
const STALE_MS = 600_000
const ASLEEP_MS = 5000 // the computer's two clocks part by this much when it slept or was set

export class ServerClock {
  private heardMs: number | null = null
  private atMs = 0
  private wallMs = 0

  constructor(private readonly clock: Clock) {}

  /** What time it is at the server, in milliseconds since 1970; the computer's guess until it was heard. */
  now(): number {
    if (this.heardMs === null) return this.clock.wall()
    return this.heardMs + this.clock.now() - this.atMs
  }

  /** A time that stood in an answer. Every answer is late; of several the least late one is kept. */
  heard(serverTime: string): void {
    const told = Date.parse(serverTime)
    if (Number.isNaN(told)) return
    const behind = this.now() - told
    const old = this.heardMs === null || this.clock.now() - this.atMs > KEEP_MS
    if (!old && !this.isDoubtful && behind >= 0 && behind < LATE_MS) return
    this.heardMs = told
    this.atMs = this.clock.now()
    this.wallMs = this.clock.wall()
  }

  /** Time to ask the server: never heard, long ago, or the computer slept meanwhile. */
  get isDoubtful(): boolean {
    if (this.heardMs === null) return true
    const passed = this.clock.now() - this.atMs
    return passed > STALE_MS || Math.abs(this.clock.wall() - this.wallMs - passed) > ASLEEP_MS
  }
}
