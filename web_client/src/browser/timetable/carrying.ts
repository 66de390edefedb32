/**
 * Carries a lesson over the table of a week, by mouse or pen, or by the keyboard. A finger scrolls the table; on a
 * touch screen a lesson is moved by 调课 in its details.
 */
import { computed, onScopeDispose, shallowRef, type Ref } from 'vue'
import { carried, IDLE, isMovable, type Carry, type CarryStep } from '../../core/timetable/carry'
import { SlotChecks } from '../../core/timetable/slot_checks'
import { slotKey, stepped, type Direction, type Slot, type WeekGrid } from '../../core/timetable/week_grid'
import type { TimetableLesson } from '../../core/base/wire'
import { browserClock } from '../base/clock'
import { timetable } from './api'

const LIFT_PX = 6 // a press that moves less is a click
const EDGE_PX = 48 // near the edge of the window the page scrolls
const SCROLL_PX = 12
const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** The attribute of a cell that takes lessons: its slot as `slotKey` writes it. */
export const SLOT_ATTRIBUTE = 'data-slot'

/** @param mayCarry whether the reader may move lessons at all. */
export function useCarrying(grid: Ref<WeekGrid | null>, mayCarry: Ref<boolean>) {
  const carry = shallowRef<Carry>(IDLE)
  /** Where the pointer is, for the picture of the lesson that follows it. */
  const pointer = shallowRef<{ readonly x: number; readonly y: number } | null>(null)
  let checks: SlotChecks | null = null
  let pressed: { lesson: TimetableLesson; x: number; y: number; id: number } | null = null
  let justDropped = false

  function step(one: CarryStep): void {
    carry.value = carried(carry.value, one)
    if (carry.value.phase === 'idle') {
      checks?.end()
      checks = null
    }
    if (carry.value.phase !== 'carried') pointer.value = null
  }

  function lift(lesson: TimetableLesson, by: 'pointer' | 'keyboard'): void {
    if (!mayCarry.value || !isMovable(lesson) || carry.value.phase !== 'idle') return
    checks = new SlotChecks(
      browserClock,
      (slot) =>
        timetable.check({ lesson: { lesson_id: lesson.lesson_id, slot: { ...slot, period_count: lesson.period_count } } }),
      (slot, verdict) => step({ step: 'judged', slot, verdict }),
    )
    step({ step: 'lift', lesson, by })
  }

  function over(slot: Slot | null): void {
    const now = carry.value
    if (now.phase !== 'carried') return
    if ((slot && slotKey(slot)) === (now.over && slotKey(now.over))) return
    const home = slot !== null && now.from !== null && slotKey(slot) === slotKey(now.from)
    step({ step: 'over', slot, verdict: slot === null || home ? null : (checks?.look(slot) ?? null) })
  }

  // --- by pointer

  function press(event: PointerEvent, lesson: TimetableLesson): void {
    if (event.button !== 0 || event.pointerType === 'touch' || !mayCarry.value || !isMovable(lesson)) return
    pressed = { lesson, x: event.clientX, y: event.clientY, id: event.pointerId }
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', release)
    document.addEventListener('pointercancel', cancel)
    document.addEventListener('keydown', escape, true)
  }

  function move(event: PointerEvent): void {
    if (pressed === null || event.pointerId !== pressed.id) return
    const { clientX: x, clientY: y } = event
    if (carry.value.phase === 'idle') {
      if (Math.hypot(x - pressed.x, y - pressed.y) < LIFT_PX) return
      lift(pressed.lesson, 'pointer')
    }
    event.preventDefault() // no text is selected on the way
    pointer.value = { x, y }
    over(slotBelow(x, y))
    scrollNear(y)
  }

  function release(event: PointerEvent): void {
    if (pressed === null || event.pointerId !== pressed.id) return
    letGo()
    if (carry.value.phase !== 'carried') return
    justDropped = true // the click that follows is none
    window.setTimeout(() => (justDropped = false))
    step({ step: 'drop' })
  }

  function cancel(): void {
    letGo()
    step({ step: 'end' })
  }

  function escape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || carry.value.phase !== 'carried') return
    event.preventDefault()
    event.stopPropagation()
    cancel()
  }

  function letGo(): void {
    pressed = null
    document.removeEventListener('pointermove', move)
    document.removeEventListener('pointerup', release)
    document.removeEventListener('pointercancel', cancel)
    document.removeEventListener('keydown', escape, true)
  }

  // --- by keyboard

  /** Handles a key on a lesson; says whether the key was for carrying. */
  function key(event: KeyboardEvent, lesson: TimetableLesson): boolean {
    const now = carry.value
    if (now.phase === 'idle') {
      if (event.key !== ' ' || !mayCarry.value || !isMovable(lesson)) return false
      lift(lesson, 'keyboard')
    } else if (now.phase !== 'carried' || now.by !== 'keyboard') return false
    else if (event.key === 'Escape' || event.key === 'Tab') step({ step: 'end' })
    else if (event.key === ' ' || event.key === 'Enter') step({ step: 'drop' })
    else if (ARROWS[event.key] !== undefined && grid.value !== null) {
      over(stepped(grid.value, now.over, ARROWS[event.key] ?? 'right'))
    } else return false
    if (event.key !== 'Tab') event.preventDefault()
    event.stopPropagation()
    return true
  }

  onScopeDispose(() => {
    letGo()
    checks?.end()
  })

  return {
    carry,
    pointer,
    carrying: computed(() => carry.value.phase !== 'idle'),
    press,
    key,
    /** Whether a click only ends a drag. */
    wasDrag: () => justDropped,
    end: () => step({ step: 'end' }),
  }
}

function slotBelow(x: number, y: number): Slot | null {
  const text = document.elementFromPoint(x, y)?.closest(`[${SLOT_ATTRIBUTE}]`)?.getAttribute(SLOT_ATTRIBUTE)
  const [date = '', period = ''] = text?.split('/') ?? []
  return date === '' ? null : { date, period: Number(period) }
}

function scrollNear(y: number): void {
  if (y < EDGE_PX) window.scrollBy(0, -SCROLL_PX)
  else if (y > window.innerHeight - EDGE_PX) window.scrollBy(0, SCROLL_PX)
}
