import { describe, expect, it } from 'vitest'
import { changesOf, fieldsOf, makeUpBody, missingIn, moveBody, stopBody, substituteBody } from '../../../src/core/timetable/change_form'
import { lessonAt } from '../../support/timetable'

const lesson = lessonAt('a', '2026-09-15', 2, { version: 4, period_count: 2 })
const fields = (more = {}) => ({ ...fieldsOf(lesson, (time) => time.slice(11, 16)), ...more })

describe('a change of a lesson', () => {
  it('begins with what the lesson is', () => {
    expect(fields()).toMatchObject({ date: '2026-09-15', timeBy: 'period', period: 2, starts: '10:00', onward: false })
  })

  it('is offered only in a state that bears it', () => {
    expect(changesOf('scheduled')).toEqual(['move', 'substitute', 'cancel'])
    expect(changesOf('live')).toEqual([])
    expect(changesOf('cancelled')).toEqual(['make_up'])
  })

  it('needs a reason where somebody must answer for it, and words where the reason is 其他', () => {
    expect(missingIn('cancel', fields())).toEqual(['reason'])
    expect(missingIn('cancel', fields({ reason: 'other' }))).toEqual(['note'])
    expect(missingIn('substitute', fields({ reason: 'teacher_leave' }))).toEqual(['teacher'])
    expect(missingIn('move', fields())).toEqual([])
    expect(missingIn('make_up', fields({ timeBy: 'clock', ends: '09:00' }))).toEqual(['time'])
  })

  it('carries the version that the page saw, and keeps the length of the lesson', () => {
    expect(moveBody(lesson, fields({ period: 5 }))).toMatchObject({
      version: 4,
      slot: { date: '2026-09-15', period: 5, period_count: 2 },
      reason: null,
      waiver: null,
    })
    const hours = fields({ timeBy: 'clock', starts: '16:00', ends: '16:40' })
    expect(makeUpBody(lesson, hours).slot).toEqual({ date: '2026-09-15', starts: '16:00:00', ends: '16:40:00' })
    expect(substituteBody(lesson, fields({ teacherId: 'li', reason: 'teacher_leave', onward: true }))).toMatchObject({
      teacher_id: 'li',
      onward: true,
      version: 4,
    })
    expect(stopBody(lesson, fields({ reason: 'power_fault', note: ' 停电 ' }))).toEqual({
      version: 4,
      reason: 'power_fault',
      onward: false,
      note: '停电',
    })
  })
})
