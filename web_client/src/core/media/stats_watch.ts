import type { Clock } from '../base/clock'
import { Poll } from '../base/poll'
import type { StatRow } from './link_stats'
import type { Peer } from './peer'

const LOOK_EVERY_MS = 1000

/** Looks once a second at the statistics of a peer. */
export abstract class StatsWatch {
  private readonly poll: Poll

  constructor(
    clock: Clock,
    protected readonly peer: Peer,
  ) {
    this.poll = new Poll(clock, () => this.look())
  }

  start(): void {
    void this.poll.now()
  }

  stop(): void {
    this.poll.stop()
  }

  protected abstract see(rows: readonly StatRow[]): void

  private async look(): Promise<number> {
    const rows = await this.peer.stats().catch(() => null) // a peer that is being closed has none
    if (rows !== null) this.see(rows)
    return LOOK_EVERY_MS
  }
}
