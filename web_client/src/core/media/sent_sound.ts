/** Measures the sound that a publishing session sends, second by second, from its statistics. */
import type { SoundTotals } from './link_stats'

export interface SentSound {
  /** Packets sent so far; null: the session has no sound. */
  readonly packets: number | null
  /** Root mean square since the look before, 0…1; null: the browser does not measure it. */
  readonly rms: number | null
}

export const NO_SOUND: SentSound = { packets: null, rms: null }

export class SentSoundMeter {
  private before: SoundTotals | null = null

  see(totals: SoundTotals | null): SentSound {
    const { before } = this
    this.before = totals
    if (totals === null) return NO_SOUND
    return { packets: totals.packets, rms: before === null ? null : meanLevel(before, totals) }
  }
}

/** Energy grows by the mean square of the samples, times their length (W3C webrtc-stats, totalAudioEnergy). */
function meanLevel(before: SoundTotals, now: SoundTotals): number | null {
  if (before.energy === null || now.energy === null) return null
  const seconds = now.durationS - before.durationS
  if (seconds <= 0) return null // a new source counts anew
  return Math.sqrt(Math.max(0, now.energy - before.energy) / seconds)
}
