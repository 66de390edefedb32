/** The time, handed in from outside: core can run on a virtual clock. */
export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number
  /** Milliseconds since 1970, as the computer believes: for `ServerClock` alone. */
  wall(): number
  /** Runs once, later. The returned function cancels; calling it late does no harm. */
  after(delayMs: number, run: () => void): Cancel
}

export type Cancel = () => void

export const RETRY_FIRST_MS = 200
export const RETRY_MAX_MS = 2000 // a server restart must be noticed well within 5 s
const JITTER = 0.3 // a county's classrooms must not come back in the same instant

/** Delays between attempts: doubling from 0.2 s to 2 s, each shortened by up to 30% at random. */
export class Backoff {
  private attempts = 0

  constructor(private readonly random: () => number = Math.random) {}

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.attempts, 10))
    this.attempts += 1
    return full * (1 - JITTER * this.random())
  }

  reset(): void {
    this.attempts = 0
  }
}

/** A list of listeners that may come and go at any time. */
export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>()

  add(listener: (value: T) => void): Cancel {
    this.all.add(listener)
    return () => {
      this.all.delete(listener)
    }
  }

  tell(value: T): void {
    for (const listener of [...this.all]) listener(value)
  }
}
