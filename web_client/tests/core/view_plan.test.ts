import { describe, expect, it } from 'vitest'
import { reduce } from '../../src/core/room_state'
import type { RoomState } from '../../src/core/room_state'
import { classroomView, layerFor, othersOnStage, TEACHER_BIG, teacherView, WallSlots } from '../../src/core/view_plan'
import { snapshot, source } from '../support/fakes'

function room(changes = {}): RoomState {
  return reduce(null, snapshot(changes), 0) as RoomState
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
    const slots = new WallSlots()
    expect([...slots.assign(['a', 'b', 'c'])]).toEqual([['a', 0], ['b', 1], ['c', 2]])
    expect([...slots.assign(['a', 'c', 'd'])]).toEqual([['a', 0], ['d', 1], ['c', 2]])
  })

  it('has eight slots and not more', () => {
    const many = Array.from({ length: 12 }, (_, index) => `room-${index}`)
    expect(new WallSlots().assign(many).size).toBe(8)
  })

  it('asks for the wall in small and one picture in large', () => {
    const state = room({ sources, you: 'lead' })
    const wall = new Map([['room-b', 3], ['room-c', 4]])
    expect(teacherView(state, wall, 180, { participantId: 'room-b', height: 720 })).toEqual([
      { slot: 3, source_id: 'room-b.camera', max_layer: 'l', max_height: 180 },
      { slot: TEACHER_BIG, source_id: 'room-b.camera', max_layer: 'h', max_height: 720 },
    ])
    expect(teacherView(state, wall, 0, null)).toEqual([])
  })
})
