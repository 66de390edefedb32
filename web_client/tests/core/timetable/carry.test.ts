import { describe, expect, it } from 'vitest'
import { carried, IDLE, type Carry, type CarryStep } from '../../../src/core/timetable/carry'
import { lessonAt } from '../../support/timetable'

const lesson = lessonAt('a', '2026-09-15', 1)
const to = { date: '2026-09-16', period: 2 }
const after = (...steps: CarryStep[]): Carry => steps.reduce(carried, IDLE)
const lift: CarryStep = { step: 'lift', lesson, by: 'keyboard' }
const over: CarryStep = { step: 'over', slot: to, verdict: { kind: 'checking' } }

describe('a lesson that is carried', () => {
  it('is dropped on another slot with the verdict known so far, and a later verdict still arrives', () => {
    const placing = after(lift, over, { step: 'drop' })
    expect(placing).toEqual({ phase: 'placing', lesson, to, verdict: { kind: 'checking' } })
    expect(carried(placing, { step: 'judged', slot: to, verdict: { kind: 'free' } })).toMatchObject({ verdict: { kind: 'free' } })
  })

  it('ignores the verdict of a slot that it has left', () => {
    const elsewhere = { step: 'judged', slot: { date: to.date, period: 3 }, verdict: { kind: 'free' } } as const
    expect(after(lift, over, elsewhere)).toMatchObject({ verdict: { kind: 'checking' } })
  })

  it.each<[string, CarryStep[]]>([
    ['where it was', [lift, { step: 'drop' }]],
    ['outside of every slot', [lift, over, { step: 'over', slot: null, verdict: null }, { step: 'drop' }]],
    ['after Escape', [lift, over, { step: 'end' }, { step: 'drop' }]],
  ])('changes nothing when it is dropped %s', (_, steps) => {
    expect(after(...steps)).toEqual(IDLE)
  })

  it.each(['live', 'ended', 'cancelled'] as const)('is none that is %s', (state) => {
    expect(carried(IDLE, { ...lift, lesson: { ...lesson, state } } as CarryStep)).toEqual(IDLE)
  })

  it('is one at a time', () => {
    expect(after(lift, { ...lift, lesson: lessonAt('b', '2026-09-15', 2) } as CarryStep)).toMatchObject({ lesson })
  })
})
