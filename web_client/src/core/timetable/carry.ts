/**
 * A lesson that is carried from slot to slot, by pointer or keyboard.
 *
 * idle → carried → (dropped) placing → idle. Escape, or a drop where it was, ends it without a change.
 */
import type { TimetableLesson } from '../base/wire'
import type { Verdict } from './slot_checks'
import { sameSlot, slotOf, type Slot } from './week_grid'

export type CarriedBy = 'pointer' | 'keyboard'

export type Carry =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'carried'
      readonly lesson: TimetableLesson
      readonly by: CarriedBy
      readonly from: Slot | null
      /** The slot below the pointer, or the one that the arrow keys have chosen; null outside of all. */
      readonly over: Slot | null
      readonly verdict: Verdict | null
    }
  /** Dropped on another slot: the page asks whether it is meant, and for how long. */
  | { readonly phase: 'placing'; readonly lesson: TimetableLesson; readonly to: Slot; readonly verdict: Verdict | null }

export type CarryStep =
  | { readonly step: 'lift'; readonly lesson: TimetableLesson; readonly by: CarriedBy }
  | { readonly step: 'over'; readonly slot: Slot | null; readonly verdict: Verdict | null }
  | { readonly step: 'judged'; readonly slot: Slot; readonly verdict: Verdict }
  | { readonly step: 'drop' }
  | { readonly step: 'end' }

export const IDLE: Carry = { phase: 'idle' }

/** Only a lesson that has not begun may be moved. */
export const isMovable = ({ state }: Pick<TimetableLesson, 'state'>): boolean => state === 'scheduled'

export function carried(carry: Carry, step: CarryStep): Carry {
  switch (step.step) {
    case 'lift':
      return carry.phase === 'idle' && isMovable(step.lesson) ? lifted(step.lesson, step.by) : carry
    case 'over':
      return carry.phase === 'carried' ? { ...carry, over: step.slot, verdict: step.verdict } : carry
    case 'judged':
      return judged(carry, step.slot, step.verdict)
    case 'drop':
      return dropped(carry)
    case 'end':
      return IDLE
  }
}

function lifted(lesson: TimetableLesson, by: CarriedBy): Carry {
  const from = slotOf(lesson)
  return { phase: 'carried', lesson, by, from, over: from, verdict: null }
}

function judged(carry: Carry, slot: Slot, verdict: Verdict): Carry {
  if (carry.phase === 'carried' && sameSlot(carry.over, slot)) return { ...carry, verdict }
  if (carry.phase === 'placing' && sameSlot(carry.to, slot)) return { ...carry, verdict }
  return carry
}

function dropped(carry: Carry): Carry {
  if (carry.phase !== 'carried') return carry
  const { lesson, over, from, verdict } = carry
  if (over === null || sameSlot(over, from)) return IDLE
  return { phase: 'placing', lesson, to: over, verdict }
}
