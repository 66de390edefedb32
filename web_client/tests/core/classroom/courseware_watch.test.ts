import { expect, it } from 'vitest'
import { CoursewareWatch } from '../../../src/core/classroom/courseware_watch'

/** Facts as `room` (courseware is in the room) and `mine` (this page shares), and the answer to each. */
function seen(...steps: readonly ('' | 'room' | 'mine' | 'both')[]): boolean[] {
  const watch = new CoursewareWatch()
  return steps.map((step) => watch.see(step === 'room' || step === 'both', step === 'mine' || step === 'both'))
}

it('tells when what another page showed is gone', () => {
  expect(seen('', 'room', '')).toEqual([false, false, true])
  expect(seen('room', 'room', '', '')).toEqual([false, false, true, false])
})

it('has nothing to tell of what this page shared and stopped', () => {
  expect(seen('', 'mine', 'both', 'room', 'room', '')).toEqual([false, false, false, false, false, false])
})

it('has nothing to tell when this page took the sharing over', () => {
  expect(seen('room', 'both', 'room', '')).toEqual([false, false, false, false])
  expect(seen('room', 'mine', '')).toEqual([false, false, false])
})

it('goes on watching after its own share', () => {
  expect(seen('mine', 'both', 'room', '', 'room', '')).toEqual([false, false, false, false, false, true])
})
