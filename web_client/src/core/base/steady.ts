/** A value that is believed only when it lasts, so that nothing on the screen flickers. */
import type { Cancel, Clock } from './clock'

export const SHOWN_AFTER_MS = 700

export class Steady<T> {
  private next: T
  private cancel: Cancel | null = null

  /**
   * @param tell hears every value that lasted; the first one counts at once.
   * @param lastsMs how long each value must last.
   */
  constructor(
    private readonly clock: Clock,
    public value: T,
    private readonly tell: (value: T) => void,
    private readonly lastsMs: (value: T) => number = () => SHOWN_AFTER_MS,
  ) {
    this.next = value
  }

  see(value: T): void {
    if (value === this.next) return
    this.next = value
    this.stop()
    if (value === this.value) return
    this.cancel = this.clock.after(this.lastsMs(value), () => {
      this.cancel = null
      this.value = value
      this.tell(value)
    })
  }

  stop(): void {
    this.cancel?.()
    this.cancel = null
  }
}
