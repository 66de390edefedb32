import type { Clock } from '../../src/core/base/clock'

/** A clock that moves only when told, and lets promises settle between timers. */
export class VirtualClock implements Clock {
  private nowMs = 1000
  private readonly timers = new Set<{ at: number; run: () => void }>()
  readonly epoch = Date.parse('2026-11-22T00:00:00Z')

  now(): number {
    return this.nowMs
  }

  wall(): number {
    return this.epoch + this.nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.nowMs + delayMs, run }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  get waiting(): number {
    return this.timers.size
  }

  async advance(ms: number): Promise<void> {
    const until = this.nowMs + ms
    await settle()
    for (;;) {
      const due = [...this.timers].filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.timers.delete(due)
      this.nowMs = due.at
      due.run()
      await settle()
    }
    this.nowMs = until
    await settle()
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
}
