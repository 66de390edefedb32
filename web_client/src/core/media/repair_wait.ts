/**
 * Decides how long a receiver holds back what it shows. Lost packets can come again in that time. A browser that
 * shows frames sooner passes over those that are being repaired. A browser that waits too long makes a conversation
 * slow. So the wait follows the link: up at once, down slowly.
 */

/** One second of a viewer's link. */
export interface LinkSecond {
  readonly rttMs: number | null
  /** Share of the packets that were lost on the way, before repair. */
  readonly loss: number
  /** Says that pictures flow: sound alone need not wait for lips. */
  readonly pictures: boolean
}

export interface Waits {
  readonly videoMs: number
  readonly audioMs: number
}

export const CLEAN_MS = 80 // two frames of 25/s, and what the pacing of a key frame takes on a good link
export const LOSSY_MS = 150 // noticed with the next frame (40 ms), asked for, and back within 60 ms
export const VERY_LOSSY_MS = 200 // the publisher's uplink may lose as much, and its repairs take their time first
export const WAIT_MAX_MS = 900 // beyond, a question and its answer no longer belong together
const REPAIR_MARGIN_MS = 90 // until a loss is noticed (one frame), and what the queue adds to the round trip
const TWO_ROUNDS_FROM = 0.04 // share of loss at which the repair is often lost, too
const CUT = 0.5 // more lost than came: the link was cut, and what a cut takes no wait brings back
const LOSS_WORTH = 0.002 // below, one late frame in many minutes
const HOLD_S = 15 // losses come in bunches: one quiet second proves nothing
const NEVER_HOLD_S = 4 // where nothing was lost so far: links that lose do so within seconds
const FALL_MS_PER_S = 10 // unnoticed; what the browser itself would do (100) shows as a hurry
const RTT_FALL = 0.1 // of the difference, each second
/** Sound alone, on a clean link: the jitter of three packets. */
export const SOUND_MS = 60
/** RED repeats each sound up to four packets (80 ms) later (RFC 2198) where losses come in bursts. */
export const LOSSY_SOUND_MS = 120
/** Sound this much before the lips is not noticed (ITU-R BT.1359-1: detectable from 45, disturbing from 90). */
export const SOUND_AHEAD_MS = 60
const STEP_MS = 10 // smaller changes are not worth telling the browser

export class RepairWait {
  private rttMs = 0
  private loss = 0
  private quietS = 0
  private holdS = NEVER_HOLD_S
  private videoMs = LOSSY_MS // nothing is known yet: as if something might get lost

  /**
   * The waits before anything came: as if something might get lost. A long wait that begins with the first loss
   * would begin with a freeze.
   */
  begin(rttMs: number | null): Waits {
    if (rttMs !== null) {
      this.rttMs = rttMs
      this.videoMs = this.rounds(1, LOSSY_MS)
    }
    return this.waits(true)
  }

  /** The waits after one more second of the link. */
  see(second: LinkSecond): Waits {
    if (second.rttMs !== null) {
      const fallen = this.rttMs - (this.rttMs - second.rttMs) * RTT_FALL
      this.rttMs = Math.max(second.rttMs, fallen)
    }
    const loss = second.loss > CUT ? 0 : second.loss
    this.quietS = loss > LOSS_WORTH ? 0 : this.quietS + 1
    if (loss > LOSS_WORTH) this.holdS = HOLD_S
    this.loss = Math.max(loss, this.loss * (1 - 1 / HOLD_S))
    const needed = this.needed()
    if (needed > this.videoMs) this.videoMs = needed
    else if (this.quietS >= this.holdS || needed >= LOSSY_MS) {
      // The round trip that it began with may have been a queue, of what the page itself sent as it entered.
      const over = this.holdS === NEVER_HOLD_S ? this.videoMs - this.rounds(1, LOSSY_MS) : 0
      this.videoMs = Math.max(needed, this.videoMs - Math.max(FALL_MS_PER_S, over))
    }
    return this.waits(second.pictures)
  }

  private waits(pictures: boolean): Waits {
    const videoMs = Math.ceil(this.videoMs / STEP_MS) * STEP_MS
    const alone = this.quietS >= this.holdS || this.loss <= LOSS_WORTH ? SOUND_MS : LOSSY_SOUND_MS
    const audioMs = pictures ? Math.max(alone, videoMs - SOUND_AHEAD_MS) : alone
    return { videoMs, audioMs }
  }

  private needed(): number {
    if (this.quietS >= this.holdS) return CLEAN_MS
    if (this.loss <= LOSS_WORTH) return Math.min(this.videoMs, LOSSY_MS) // nothing lost so far
    return this.loss >= TWO_ROUNDS_FROM ? this.rounds(2, VERY_LOSSY_MS) : this.rounds(1, LOSSY_MS)
  }

  private rounds(count: number, leastMs: number): number {
    return Math.min(WAIT_MAX_MS, Math.max(leastMs, count * this.rttMs + REPAIR_MARGIN_MS))
  }
}
