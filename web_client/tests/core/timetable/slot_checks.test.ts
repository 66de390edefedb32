import { describe, expect, it } from 'vitest'
import { SlotChecks, verdictOf, type Verdict } from '../../../src/core/timetable/slot_checks'
import { slotKey, type Slot } from '../../../src/core/timetable/week_grid'
import type { CheckResult } from '../../../src/core/base/wire'
import { settle, VirtualClock } from '../../support/virtual_clock'
import { clash } from '../../support/timetable'

const FREE: CheckResult = { lessons: 1, clashes: [], more: false, fallen: [] }
const slot = (period: number): Slot => ({ date: '2026-09-15', period })

function bench() {
  const clock = new VirtualClock()
  const asked: string[] = []
  const told: [string, Verdict['kind']][] = []
  const answers: { give: (result: CheckResult) => void; fail: (failure: Error) => void }[] = []
  const checks = new SlotChecks(
    clock,
    (one) => {
      asked.push(slotKey(one))
      return new Promise((give, fail) => answers.push({ give, fail }))
    },
    (one, verdict) => told.push([slotKey(one), verdict.kind]),
  )
  return { clock, asked, told, answers, checks }
}

describe('the checks of slots', () => {
  it('do not ask for a slot that is only passed, and ask one question at a time', async () => {
    const { clock, asked, told, answers, checks } = bench()
    checks.look(slot(1))
    await clock.advance(50)
    checks.look(slot(2))
    await clock.advance(200)
    expect(asked).toEqual(['2026-09-15/2'])
    checks.look(slot(3))
    await clock.advance(200)
    checks.look(slot(4))
    await clock.advance(200)
    expect(asked).toHaveLength(1)
    answers[0]?.give(FREE)
    await settle()
    expect(told).toEqual([['2026-09-15/2', 'free']])
    expect(asked).toEqual(['2026-09-15/2', '2026-09-15/4'])
  })

  it('remember an answer, but not a failure', async () => {
    const { clock, asked, told, answers, checks } = bench()
    checks.look(slot(1))
    await clock.advance(200)
    answers[0]?.fail(new Error('no network'))
    await settle()
    expect(told).toEqual([['2026-09-15/1', 'refused']])
    expect(checks.look(slot(1))).toEqual({ kind: 'checking' })
    await clock.advance(200)
    answers[1]?.give(FREE)
    await settle()
    expect(checks.look(slot(1))).toEqual({ kind: 'free' })
    await clock.advance(200)
    expect(asked).toHaveLength(2)
  })

  it('tell nothing after the end', async () => {
    const { clock, told, answers, checks } = bench()
    checks.look(slot(1))
    await clock.advance(200)
    checks.end()
    answers[0]?.give(FREE)
    await settle()
    expect(told).toEqual([])
  })

  it('call one hard clash among soft ones hard', () => {
    expect(verdictOf({ ...FREE, clashes: [clash({ level: 'soft' })] }).kind).toBe('soft')
    expect(verdictOf({ ...FREE, clashes: [clash({ level: 'soft' }), clash()] }).kind).toBe('hard')
  })
})
