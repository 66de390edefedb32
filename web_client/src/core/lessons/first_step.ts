/** The step that a county has to take before its first lesson. */
import type { Directory } from '../base/wire'

/**
 * - `import`: no room or no lead teacher is known; an admin imports a county file.
 * - `points`: there are teachers and rooms, but no room that could receive a lesson.
 * - `lesson`: all is there; a lesson can be planned.
 */
export type FirstStep = 'import' | 'points' | 'lesson'

export function firstStep({ schools, lead_teachers: teachers }: Directory): FirstStep {
  const rooms = schools.filter((school) => school.rooms.length > 0)
  if (rooms.length === 0 || teachers.length === 0) return 'import'
  return rooms.some((school) => school.kind !== 'center_school') ? 'lesson' : 'points'
}
