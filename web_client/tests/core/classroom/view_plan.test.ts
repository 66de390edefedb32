import { describe, expect, it } from 'vitest'
import { reduce } from '../../../src/core/classroom/room_state'
import type { RoomState } from '../../../src/core/classroom/room_state'
import {
  classroomView,
  layerFor,
  othersOnStage,
  TEACHER_BIG,
  teacherView,
  WallSlots,
  WATCHER_COURSEWARE,
  WATCHER_LEAD,
  WATCHER_STAGE,
  watcherView,
} from '../../../src/core/classroom/view_plan'
import { snapshot, source } from '../../support/fakes'

function room(changes = {}): RoomState {
  return reduce(null, snapshot(changes)) as RoomState
}
const sources = [source('lead', 'camera'), source('lead', 'courseware'), source('room-b', 'camera')]

it('asks for no more lines than are shown', () => {
  expect([90, 180, 240, 241, 480, 481, 1080].map(layerFor)).toEqual(['l', 'l', 'l', 'm', 'm', 'h', 'h'])
})

describe('the classroom', () => {
  it('asks for what is published and shown', () => {
    const state = room({ sources, on_stage: ['room-a', 'room-b'] })
    expect(othersOnStage(state)).toBe('room-b')
    expect(classroomView(state, { lead: 200, courseware: 900, stage: 300.4 })).toEqual([
      { slot: 0, source_id: 'lead.camera', max_layer: 'l', max_height: 200 },
      { slot: 1, source_id: 'lead.courseware', max_layer: 'h', max_height: 900 },
      { slot: 2, source_id: 'room-b.camera', max_layer: 'm', max_height: 300 },
    ])
  })

  it('asks for nothing that has no place, no source or no picture', () => {
    const audioOnly = { ...source('lead', 'camera'), has_video: false }
    expect(classroomView(room({ sources }), { lead: 0, courseware: 0, stage: 500 })).toEqual([])
    expect(classroomView(room({ sources: [audioOnly] }), { lead: 500 })).toEqual([])
  })
})

describe('the teacher', () => {
  it('keeps every point in its slot while others come and go', () => {
    const slots = new WallSlots(9)
    expect([...slots.assign(['a', 'b', 'c'])]).toEqual([['a', 0], ['b', 1], ['c', 2]])
    expect([...slots.assign(['a', 'c', 'd'])]).toEqual([['a', 0], ['d', 1], ['c', 2]])
  })

  it('gives slots to those in view, and to no more than there are', () => {
    const many = Array.from({ length: 12 }, (_, index) => `room-${index}`)
    const slots = new WallSlots(9)
    expect(slots.assign(many).size).toBe(9)
    const turned = slots.assign(['room-9', 'room-1', 'room-10'])
    expect([...turned.keys()].sort()).toEqual(['room-1', 'room-10', 'room-9'])
    expect(turned.get('room-1')).toBe(1)
  })

  it('asks for the wall in small and one picture in large', () => {
    const state = room({ sources, you: 'lead' })
    const slots = new Map([['room-b', 3], ['room-c', 4]])
    expect(teacherView(state, { slots, height: 180 }, { participantId: 'room-b', height: 720 })).toEqual([
      { slot: 3, source_id: 'room-b.camera', max_layer: 'l', max_height: 180 },
      { slot: TEACHER_BIG, source_id: 'room-b.camera', max_layer: 'h', max_height: 720 },
    ])
    expect(teacherView(state, { slots, height: 0 }, null)).toEqual([])
  })

  it('asks, for who watches, for lead, courseware and stage beside the wall', () => {
    const state = room({ sources, you: 'person-chen', on_stage: ['room-b'] })
    const wall = { slots: new Map([['room-b', 0]]), height: 120 }
    const asked = watcherView(state, wall, { lead: 300, courseware: 700, stage: 200 })
    expect(asked.map(({ slot, source_id, max_layer }) => [slot, source_id, max_layer])).toEqual([
      [0, 'room-b.camera', 'l'],
      [WATCHER_LEAD, 'lead.camera', 'm'],
      [WATCHER_COURSEWARE, 'lead.courseware', 'h'],
      [WATCHER_STAGE, 'room-b.camera', 'l'],
    ])
  })
})
