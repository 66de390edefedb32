import { expect, it } from 'vitest'
import { clashFacts } from '../../../src/core/timetable/clash_facts'
import { clash } from '../../support/timetable'

it('lists hard clashes first, and one fact of many weeks once with their number', () => {
  const soft = clash({ rule: 'consecutive', level: 'soft', others: [] })
  const weekly = [1, 2, 3].map((n) =>
    clash({ others: [{ lesson_id: `b${n}`, title: '乙', starts_at: `2026-09-0${n}`, ends_at: '', lead_teacher: '' }] }),
  )
  const room = clash({ rule: 'lead_room', who: { kind: 'room', id: 'r', name: '录播教室' } })
  const facts = clashFacts([soft, ...weekly, room])
  expect(facts.map((one) => [one.found.rule, one.times])).toEqual([
    ['teacher', 3],
    ['lead_room', 1],
    ['consecutive', 1],
  ])
})
