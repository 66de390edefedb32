import { describe, expect, it } from 'vitest'
import { emptyNeed, isAskable, missingInNeed, outcomeOf, placeChanges, proposalWish, type ProposalForm } from '../../../src/core/timetable/proposal_form'
import { span } from '../../../src/core/timetable/weeks'
import type { ProposedLesson, ProposedPlace } from '../../../src/core/base/wire'

const TERM = { term_id: 't1', weeks: 20 }
const need = {
  ...emptyNeed(span(1, 20)),
  subjectId: 'music',
  grade: '三年级',
  title: '三年级音乐',
  teacherId: 'wang',
  seats: [{ roomId: 'p1', classId: '' }],
}
const form = (more: Partial<ProposalForm> = {}): ProposalForm => ({
  schoolId: 's1',
  begins: '2026-09-07',
  movePlans: true,
  weekdays: [3, 1],
  needs: [],
  absent: [],
  ...more,
})

describe('自动排课', () => {
  it('asks for lessons, or only for somebody in the place of an absent teacher', () => {
    expect(isAskable(form())).toBe(false)
    expect(isAskable(form({ needs: [need] }))).toBe(true)
    expect(isAskable(form({ absent: ['wang'] }))).toBe(true)
    expect(isAskable(form({ needs: [need], weekdays: [] }))).toBe(false)
  })

  it('names what a need lacks', () => {
    expect(missingInNeed(emptyNeed(new Set()))).toEqual(['subject', 'grade', 'title', 'teacher', 'seats', 'weeks'])
    expect(missingInNeed(need)).toEqual([])
  })

  it('becomes a wish with a length for each lesson of the week', () => {
    const wish = proposalWish(form({ needs: [{ ...need, perWeek: 3, periods: 2 }], absent: ['li'] }), 'c1', TERM)
    expect(wish).toMatchObject({ weekdays: [1, 3], absences: [{ teacher_id: 'li' }], move_plans: true })
    expect(wish.needs?.[0]).toMatchObject({ lengths: [2, 2, 2], weeks: '1-20周', lead_teacher_ids: ['wang'], lead_room_ids: [] })
  })

  it('tells lessons without a place, moved, new and kept ones apart', () => {
    const place = { weekday: 1, period: 1, weeks: '1-20周', lead_teacher: { person_id: 'w', name: '' }, lead_room: null }
    const lesson = (title: string, more: Partial<ProposedLesson>) => ({ title, plan_id: null, moved: false, place, ...more }) as ProposedLesson
    const found = outcomeOf({
      lessons: [lesson('a', { place: null }), lesson('b', { plan_id: 'p', moved: true }), lesson('c', {}), lesson('d', { plan_id: 'q' })],
    })
    expect(Object.values(found).map((ones: readonly ProposedLesson[]) => ones.map((one) => one.title))).toEqual([['a'], ['b'], ['c'], ['d']])
  })

  it('says in what a place differs', () => {
    const before: ProposedPlace = { weekday: 1, period: 2, weeks: '单周', lead_teacher: { person_id: 'w', name: '' }, lead_room: null }
    expect(placeChanges(before, before)).toEqual([])
    expect(placeChanges(before, { ...before, weeks: '双周', lead_teacher: { person_id: 'l', name: '' } })).toEqual(['time', 'teacher'])
  })
})
