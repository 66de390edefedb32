/**
 * What the server says of the slots over which a lesson is carried. One question is under way at a time; of the slots
 * passed meanwhile only the last is asked for. Answers are kept as long as the lesson is carried.
 */
import type { Cancel, Clock } from '../base/clock'
import type { CheckResult, ClashFound } from '../base/wire'
import { slotKey, type Slot } from './week_grid'

const REST_MS = 120 // a slot that is only passed is not asked for

export type Verdict =
  | { readonly kind: 'checking' }
  | { readonly kind: 'free' }
  | { readonly kind: 'soft' | 'hard'; readonly clashes: readonly ClashFound[]; readonly more: boolean }
  /** The server does not let the lesson stand there, or did not answer. */
  | { readonly kind: 'refused'; readonly failure: unknown }

export function verdictOf({ clashes, more }: CheckResult): Verdict {
  if (clashes.length === 0) return { kind: 'free' }
  return { kind: clashes.some((one) => one.level === 'hard') ? 'hard' : 'soft', clashes, more }
}

export class SlotChecks {
  private readonly known = new Map<string, Verdict>()
  private wanted: Slot | null = null
  private asking = false
  private ended = false
  private cancelTimer: Cancel = () => {}

  /**
   * @param ask asks the server about a slot.
   * @param tell is called when the verdict of a slot is known.
   */
  constructor(
    private readonly clock: Clock,
    private readonly ask: (slot: Slot) => Promise<CheckResult>,
    private readonly tell: (slot: Slot, verdict: Verdict) => void,
  ) {}

  /** The verdict of a slot as it is known now; asks for it when the slot stays wanted. */
  look(slot: Slot): Verdict {
    this.cancelTimer()
    const known = this.known.get(slotKey(slot))
    if (known !== undefined) {
      this.wanted = null
      return known
    }
    this.wanted = slot
    this.cancelTimer = this.clock.after(REST_MS, () => void this.next())
    return { kind: 'checking' }
  }

  end(): void {
    this.ended = true
    this.cancelTimer()
  }

  private async next(): Promise<void> {
    const slot = this.wanted
    if (slot === null || this.asking || this.ended) return
    this.wanted = null
    this.asking = true
    const verdict = await this.ask(slot).then(verdictOf, (failure: unknown): Verdict => ({ kind: 'refused', failure }))
    this.asking = false
    if (this.ended) return
    // A failure is not kept: the next look asks again.
    if (verdict.kind !== 'refused') this.known.set(slotKey(slot), verdict)
    this.tell(slot, verdict)
    await this.next()
  }
}
