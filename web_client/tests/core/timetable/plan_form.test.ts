import { describe, expect, it } from 'vitest'
import { emptyPlan, fieldOf, missingOf, wishOf, type PlanForm } from '../../../src/core/timetable/plan_form'
import { span } from '../../../src/core/timetable/weeks'

const TERM = { term_id: 't1', weeks: 20 }
const filled = (more: Partial<PlanForm> = {}): PlanForm => ({
  ...emptyPlan(span(1, 16)),
  subjectId: 'music',
  grade: ' 三年级 ',
  title: '三年级音乐',
  teacherId: 'wang',
  leadRoomId: 'lead',
  seats: [{ roomId: 'p1', classId: '' }],
  ...more,
})

describe('新建排课', () => {
  it('names what is missing in the order of the form', () => {
    expect(missingOf(emptyPlan(new Set()))).toEqual(['subject', 'grade', 'title', 'teacher', 'seats', 'weeks'])
    expect(missingOf(filled())).toEqual([])
    expect(missingOf(filled({ kind: 'single' }))).toEqual(['dates'])
    expect(missingOf(filled({ timeBy: 'clock', starts: '10:00', ends: '09:00' }))).toEqual(['time'])
    expect(missingOf(filled({ seats: [{ roomId: '', classId: '' }] }))).toEqual(['seats'])
  })

  it('becomes a wish with weeks, or with dates, and never with both', () => {
    expect(wishOf(filled(), 'c1', TERM)).toMatchObject({ weekday: 1, weeks: '1-16周', dates: [], grade: '三年级', waiver: null })
    const single = wishOf(filled({ kind: 'single', dates: ['2026-09-20', '2026-09-14'] }), 'c1', TERM)
    expect(single).toMatchObject({ weekday: null, weeks: null, dates: ['2026-09-14', '2026-09-20'] })
  })

  it('becomes a wish with a period, or with hours', () => {
    const hours = filled({ timeBy: 'clock', starts: '16:00', ends: '16:40', period: 3, periodCount: 2 })
    expect(wishOf(hours, 'c1', TERM)).toMatchObject({ period: null, period_count: 1, starts: '16:00:00', ends: '16:40:00' })
    expect(wishOf(filled({ period: 3, starts: '16:00' }), 'c1', TERM)).toMatchObject({ period: 3, starts: null })
  })

  it('has a class of pupils in the lead room only where pupils sit there', () => {
    expect(wishOf(filled({ leadClassId: 'k' }), 'c1', TERM).lead_class_id).toBe('k')
    expect(wishOf(filled({ leadClassId: 'k', mode: 'lead_without_pupils' }), 'c1', TERM).lead_class_id).toBeNull()
  })

  it('finds the field that the server blames', () => {
    expect(fieldOf('plan.seats[2].room_id')).toBe('seats')
    expect(fieldOf('starts')).toBe('time')
    expect(fieldOf('county_id')).toBeNull()
    expect(fieldOf(null)).toBeNull()
  })
})
