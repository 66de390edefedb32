/** Looks once a second at what a publishing session gets through, and says when the own uplink is the trouble. */
import type { Clock } from './clock'
import { Listeners } from './clock'
import type { UplinkTotals } from './link_stats'
import { uplinkTotals } from './link_stats'
import type { Peer } from './peer'
import { Poll } from './poll'
import type { SentSound } from './sent_sound'
import { SentSoundMeter } from './sent_sound'
import type { LinkState } from './wire'

/** `ok`; `slow`: larger layers do not fit; `sound_only`: no picture gets through. */
export type UplinkHealth = 'ok' | 'slow' | 'sound_only'

const LOOK_EVERY_MS = 1000
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

export class Uplink {
  readonly onChange = new Listeners<UplinkJudge>()
  /** Once a second. */
  readonly onSound = new Listeners<SentSound>()
  private readonly poll: Poll
  private readonly judge = new UplinkJudge()
  private readonly sound = new SentSoundMeter()

  constructor(
    clock: Clock,
    private readonly peer: Peer,
  ) {
    this.poll = new Poll(clock, () => this.look())
  }

  get health(): UplinkHealth {
    return this.judge.health
  }

  get squeezed(): boolean {
    return this.judge.squeezed
  }

  start(): void {
    void this.poll.now()
  }

  stop(): void {
    this.poll.stop()
  }

  private async look(): Promise<number | null> {
    const rows = await this.peer.stats().catch(() => null)
    if (rows === null) return LOOK_EVERY_MS
    const { health, squeezed } = this.judge
    const totals = uplinkTotals(rows)
    this.judge.see(totals)
    this.onSound.tell(this.sound.see(totals.sound))
    if (health !== this.judge.health || squeezed !== this.judge.squeezed) this.onChange.tell(this.judge)
    return LOOK_EVERY_MS
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
