import { describe, expect, it } from 'vitest'
import { firstStep } from '../../../src/core/lessons/first_step'
import type { School } from '../../../src/core/base/wire'

const school = (kind: string, rooms: number) =>
  ({
    school_id: kind,
    name: kind,
    kind,
    rooms: Array.from({ length: rooms }, (_, n) => ({ room_id: `r${n}`, name: 'r', school: kind })),
  }) as unknown as School
const wang = { person_id: 'wang', name: '王老师' }
const step = (schools: School[], teachers = [wang]) => firstStep({ schools, lead_teachers: teachers, more: false })

describe('the first step of a county', () => {
  it('is the import while rooms or teachers are missing', () => {
    expect(step([], [])).toBe('import')
    expect(step([school('teaching_point', 0)])).toBe('import')
    expect(step([school('center_school', 1), school('teaching_point', 1)], [])).toBe('import')
  })

  it('is a teaching point where only lessons could be given', () => {
    expect(step([school('center_school', 2), school('teaching_point', 0)])).toBe('points')
  })

  it('is a lesson once there is a room to receive it', () => {
    expect(step([school('center_school', 1), school('teaching_point', 1)])).toBe('lesson')
    expect(step([school('school', 1)])).toBe('lesson')
  })
})
