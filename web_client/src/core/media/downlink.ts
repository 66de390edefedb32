/** Judges what arrives: sets the wait for repairs, and finds pictures that stand still. */
import type { Clock } from '../base/clock'
import type { DownlinkTotals, StatRow } from './link_stats'
import { downlinkTotals } from './link_stats'
import type { Peer } from './peer'
import { RepairWait } from './repair_wait'
import { StatsWatch } from './stats_watch'

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

/** Judges once a second what a viewing session receives. */
export class Downlink extends StatsWatch {
  private readonly wait = new RepairWait()
  private before: DownlinkTotals | null = null
  private readonly still = new Map<string, number>() // looks without a new frame, by track
  private readonly behind = new Map<string, number>() // looks with next to nothing decoded, by track

  constructor(
    clock: Clock,
    peer: Peer,
    private readonly tell: (arriving: Arriving) => void,
  ) {
    super(clock, peer)
  }

  protected override see(rows: readonly StatRow[]): void {
    const now = downlinkTotals(rows)
    const { before } = this
    this.before = now
    if (before === null) {
      this.peer.setWaits(this.wait.begin(now.rttMs))
      return
    }
    const lost = Math.max(0, now.lost - before.lost)
    const sent = Math.max(0, now.received - before.received) + lost
    const loss = sent === 0 ? 0 : lost / sent
    const pictures = this.count(before, now)
    this.countSlow(before, now)
    this.peer.setWaits(this.wait.see({ rttMs: now.rttMs, loss, pictures }))
    this.tell({ rttMs: now.rttMs, loss, standing: lasting(this.still, STANDS_AFTER), slow: lasting(this.behind, SLOW_AFTER) })
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
