/** Judges what a publishing session gets through, and whether the own uplink is the trouble. */
import { Listeners } from '../base/clock'
import type { StatRow, UplinkTotals } from './link_stats'
import { uplinkTotals } from './link_stats'
import type { SentSound } from './sent_sound'
import { SentSoundMeter } from './sent_sound'
import { StatsWatch } from './stats_watch'
import type { LinkState } from '../base/wire'

/** `ok`; `slow`: larger layers do not fit; `sound_only`: no picture gets through. */
export type UplinkHealth = 'ok' | 'slow' | 'sound_only'

export const SETTLE_S = 12 // a new session still finds out what the link carries
export const SQUEEZED_S = 2 // then the lower layers run as well
export const SLOW_S = 5
export const RELIEVED_S = 8 // a sign that comes and goes says nothing

/** Counts seconds; knows neither clock nor browser. */
export class UplinkJudge {
  health: UplinkHealth = 'ok'
  squeezed = false
  private ageS = 0
  private limitedS = 0
  private freeS = 0
  private pictureless = 0
  private frames = 0

  see(totals: UplinkTotals): void {
    this.ageS += 1
    this.limitedS = totals.bandwidthLimited ? this.limitedS + 1 : 0
    this.freeS = totals.bandwidthLimited ? 0 : this.freeS + 1
    this.pictureless = totals.hasVideo && totals.frames === this.frames ? this.pictureless + 1 : 0
    this.frames = totals.frames
    if (this.limitedS >= SQUEEZED_S) this.squeezed = true
    else if (this.freeS >= RELIEVED_S) this.squeezed = false
    if (this.ageS >= SETTLE_S && this.limitedS >= SLOW_S) {
      this.health = this.pictureless >= SLOW_S ? 'sound_only' : 'slow'
    } else if (this.freeS >= RELIEVED_S) this.health = 'ok'
  }
}

/** Judges once a second what a publishing session gets through. */
export class Uplink extends StatsWatch {
  readonly onChange = new Listeners<UplinkJudge>()
  /** Once a second. */
  readonly onSound = new Listeners<SentSound>()
  private readonly judge = new UplinkJudge()
  private readonly sound = new SentSoundMeter()

  get health(): UplinkHealth {
    return this.judge.health
  }

  get squeezed(): boolean {
    return this.judge.squeezed
  }

  protected override see(rows: readonly StatRow[]): void {
    const { health, squeezed } = this.judge
    const totals = uplinkTotals(rows)
    this.judge.see(totals)
    this.onSound.tell(this.sound.see(totals.sound))
    if (health !== this.judge.health || squeezed !== this.judge.squeezed) this.onChange.tell(this.judge)
  }
}

/** What the teacher can do about it: one thing. */
export type UplinkAdvice = 'none' | 'wire' | 'stop_sharing'

/**
 * A browser calls every missing kilobit a limit; only with what the server misses does it matter to the lesson.
 *
 * @param health the worst of what this page sends.
 * @param judged the server's view of the same uplink; null: it has none.
 * @param sharing courseware goes out of this page as well.
 */
export function uplinkAdvice(
  health: UplinkHealth,
  judged: LinkState | null,
  sharing: boolean,
): UplinkAdvice {
  const slow = health === 'slow' && judged !== 'good'
  if (!slow && health !== 'sound_only' && judged !== 'poor') return 'none'
  return sharing && (health === 'sound_only' || judged === 'poor') ? 'stop_sharing' : 'wire'
}
