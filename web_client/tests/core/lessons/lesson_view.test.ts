import { describe, expect, it } from 'vitest'
import { lessonView, watcherOf } from '../../../src/core/lessons/lesson_view'
import type { Action, Role } from '../../../src/core/base/wire'

const OBSERVER: Action[] = ['observe', 'view_off_stage', 'read_recording', 'read_links']

describe('the page of a lesson', () => {
  // As tests/unit/signaling/access/test_grants.py has them from the server.
  it.each<[Role | null, Action[], string, string]>([
    ['lead_teacher', ['start_lesson', 'end_lesson', 'take_part', 'publish_camera'], 'teach', ''],
    ['assistant', ['take_part', 'read_recording'], 'watch', 'assistant'],
    ['county_admin', ['end_lesson', 'cancel_lesson', ...OBSERVER], 'watch', 'patrol'],
    ['inspector', OBSERVER, 'watch', 'patrol'],
    ['researcher', OBSERVER, 'watch', 'observer'],
    [null, ['read_recording'], 'facts', ''],
    [null, [], 'facts', ''],
  ])('for %s with %j is %s', (seat, may, view, watcher) => {
    expect(lessonView({ seat, may })).toBe(view)
    if (view === 'watch') expect(watcherOf({ seat })).toBe(watcher)
  })
})
