/**
 * Decides when a page may begin to publish. On a narrow uplink the own camera would delay the handshake and the
 * reports of what is watched. A classroom waits until its first picture flows, for a few seconds at most.
 */
import type { Cancel, Clock } from '../base/clock'
import type { RoomState } from './room_state'
import { LEAD } from './parts/presence'

export const PUBLISH_WITHIN_MS = 4000 // ms; a first picture takes so long on a link that is worth waiting for

export class PublishGate {
  private open = false
  private cancel: Cancel | null = null
  private state: RoomState | null = null

  /** @param pass called when the wait is over; not from within `ask`. */
  constructor(
    private readonly clock: Clock,
    private readonly pass: () => void,
  ) {}

  /** What is known of the room; call it before `ask`. */
  see(state: RoomState): void {
    this.state = state
    if (this.cancel !== null && this.isFree()) this.unlock()
  }

  /** Whether to publish now; if not, `pass` is called when it is time. */
  ask(): boolean {
    if (this.open || this.isFree()) {
      this.open = true
      this.stop()
    } else this.cancel ??= this.clock.after(PUBLISH_WITHIN_MS, () => this.unlock())
    return this.open
  }

  /** What is watched begins anew, or ends. */
  close(): void {
    this.open = false
    this.stop()
  }

  private unlock(): void {
    this.stop()
    this.open = true
    this.pass()
  }

  private stop(): void {
    this.cancel?.()
    this.cancel = null
  }

  /** Who teaches or is on stage is waited for; and where nothing is to be seen there is nothing to wait for. */
  private isFree(): boolean {
    const { state } = this
    if (state === null) return false
    const wanted = state.you === LEAD || state.onStage.includes(state.you)
    const others = state.sources.some((one) => one.participant_id !== state.you && one.has_video)
    return wanted || !others || state.slots.some((slot) => slot.kind === 'video' && slot.layer !== null)
  }
}
