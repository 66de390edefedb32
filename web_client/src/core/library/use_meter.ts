/** How long a player has played, told in pieces. Time is wall time, whatever the speed of playing. */
import type { UseReport } from '../base/wire'

const TELL_EVERY_MS = 60_000
const MOST_BETWEEN_MS = 2000 // a longer pause between two ticks was a sleeping page
const LEAST_TOLD_S = 5 // at the end

export class UseMeter {
  private before: number | null = null
  private watched = 0 // ms that were not told yet
  private hasBegun = false

  /** Takes a tick of the player; gives what is to be told now, or null. */
  tick(nowMs: number, playing: boolean): UseReport | null {
    const passed = this.before === null ? 0 : Math.min(nowMs - this.before, MOST_BETWEEN_MS)
    this.before = playing ? nowMs : null
    this.watched += Math.max(0, passed)
    if (playing && !this.hasBegun) {
      this.hasBegun = true
      return { began: true }
    }
    return this.watched >= TELL_EVERY_MS ? this.rest() : null
  }

  /** What was watched and not told, at the end; null if it is next to nothing. */
  end(): UseReport | null {
    return this.watched >= LEAST_TOLD_S * 1000 ? this.rest() : null
  }

  private rest(): UseReport {
    const seconds = Math.floor(this.watched / 1000)
    this.watched -= seconds * 1000
    return { seconds }
  }
}
