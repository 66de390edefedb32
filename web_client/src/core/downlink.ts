/** Looks once a second at what arrives: sets how long to wait for repairs, and sees pictures that stand still. */
import type { Clock } from './clock'
import type { DownlinkTotals } from './link_stats'
import { downlinkTotals } from './link_stats'
import type { Peer } from './peer'
import { Poll } from './poll'
import { RepairWait } from './repair_wait'

const LOOK_EVERY_MS = 1000
const STANDS_AFTER = 2 // looks in a row without a new frame
const SLOW_AFTER = 4 // looks in a row: a decoder that waits for a key frame has it by then
const SLOW_FRAMES = 5 // received between two looks; of fewer, none decoded says nothing
const SLOW_SHARE = 0.2 // of the frames decoded: below, a picture of 25 frames/s is a row of stills

export interface Arriving {
  readonly rttMs: number | null
  readonly loss: number
  /** Ids of the tracks whose picture ran and stands still now. */
  readonly standing: ReadonlySet<string>
  /** Ids of the tracks that arrive and of which this computer decodes next to nothing. */
  readonly slow: ReadonlySet<string>
}

export class Downlink {
  private readonly poll: Poll
  private readonly wait = new RepairWait()
  private before: DownlinkTotals | null = null
  private readonly still = new Map<string, number>() // looks without a new frame, by track
  private readonly behind = new Map<string, number>() // looks with next to nothing decoded, by track

  constructor(
    clock: Clock,
    private readonly peer: Peer,
    private readonly tell: (arriving: Arriving) => void,
  ) {
    this.poll = new Poll(clock, () => this.look())
  }

  start(): void {
    void this.poll.now()
  }

  stop(): void {
    this.poll.stop()
  }

  private async look(): Promise<number | null> {
    const rows = await this.peer.stats().catch(() => null)
    if (rows === null) return LOOK_EVERY_MS // a peer that is being closed
    const now = downlinkTotals(rows)
    const { before } = this
    this.before = now
    if (before === null) {
      this.peer.setWaits(this.wait.begin(now.rttMs))
      return LOOK_EVERY_MS
    }
    const lost = Math.max(0, now.lost - before.lost)
    const sent = Math.max(0, now.received - before.received) + lost
    const loss = sent === 0 ? 0 : lost / sent
    const pictures = this.count(before, now)
    this.countSlow(before, now)
    this.peer.setWaits(this.wait.see({ rttMs: now.rttMs, loss, pictures }))
    this.tell({ rttMs: now.rttMs, loss, standing: lasting(this.still, STANDS_AFTER), slow: lasting(this.behind, SLOW_AFTER) })
    return LOOK_EVERY_MS
  }

  /** Counts the looks without a new frame; whether any picture moved. */
  private count(before: DownlinkTotals, now: DownlinkTotals): boolean {
    let moved = false
    for (const [track, frames] of now.frames) {
      const isNew = frames !== (before.frames.get(track) ?? 0)
      moved = moved || isNew
      this.still.set(track, isNew ? 0 : (this.still.get(track) ?? STANDS_AFTER) + 1)
    }
    return moved
  }

  private countSlow(before: DownlinkTotals, now: DownlinkTotals): void {
    for (const [track, frames] of now.frames) {
      const received = frames - (before.frames.get(track) ?? 0)
      const decoded = (now.decoded.get(track) ?? 0) - (before.decoded.get(track) ?? 0)
      const slow = received >= SLOW_FRAMES && decoded < received * SLOW_SHARE
      this.behind.set(track, slow ? (this.behind.get(track) ?? 0) + 1 : 0)
    }
  }
}

/** The tracks whose count of looks has come so far. */
function lasting(counts: ReadonlyMap<string, number>, looks: number): ReadonlySet<string> {
  return new Set([...counts].filter(([, count]) => count >= looks).map(([track]) => track))
}
