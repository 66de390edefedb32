/** Repeated work: the next turn is set only when the one before is over. */
import type { Cancel, Clock } from './clock'

export class Poll {
  private turn = 0
  private stopped = false
  private cancelTimer: Cancel = () => {}

  /** @param work never rejects; gives the delay to its next turn in milliseconds, or null for no more. */
  constructor(
    private readonly clock: Clock,
    private readonly work: () => Promise<number | null>,
  ) {}

  /** Works at once; the times of a turn still under way count no more. */
  async now(): Promise<void> {
    if (this.stopped) return
    this.cancelTimer()
    const turn = ++this.turn
    const delayMs = await this.work()
    if (turn !== this.turn || delayMs === null) return
    this.cancelTimer = this.clock.after(delayMs, () => void this.now())
  }

  /** Stops for good, also while a turn is under way. */
  stop(): void {
    this.stopped = true
    this.turn += 1
    this.cancelTimer()
  }
}
