/** The wishes for each video slot, made of who is there and how large each picture is shown. */
import type { RoomState } from './room_state'
import { LEAD } from './parts/presence'
import { sourceOf } from './parts/published'
import { TEACHER_WALL, WATCHER_WALL } from '../media/viewer'
import type { SlotView, SourceKind } from '../base/wire'

/** Heights at which the next larger layer is asked for: a third more than the layer has. */
const LOW_UP_TO = 240
const MIDDLE_UP_TO = 480

/** The highest layer worth sending for a picture shown this many device pixels high. */
export function layerFor(height: number): 'l' | 'm' | 'h' {
  if (height <= LOW_UP_TO) return 'l'
  return height <= MIDDLE_UP_TO ? 'm' : 'h'
}

/** The height of a picture in device pixels; 0 where it is not shown. */
export type Heights = Readonly<Record<string, number>>

function slotView(slot: number, sourceId: string, height: number): SlotView {
  return {
    slot,
    source_id: sourceId,
    max_layer: layerFor(height),
    max_height: Math.max(1, Math.round(height)),
  }
}

export const CLASSROOM_LEAD = 0
export const CLASSROOM_COURSEWARE = 1
export const CLASSROOM_STAGE = 2

/** The participant in the classroom's stage picture: the first on stage besides this room. */
export function othersOnStage(state: RoomState): string | null {
  return state.onStage.find((one) => one !== state.you) ?? null
}

/** The classroom's wishes: the lead camera, the courseware, and whoever else is on stage. */
export function classroomView(state: RoomState, heights: Heights): SlotView[] {
  return largeViews(state, [
    [CLASSROOM_LEAD, LEAD, 'camera', heights.lead ?? 0],
    [CLASSROOM_COURSEWARE, LEAD, 'courseware', heights.courseware ?? 0],
    [CLASSROOM_STAGE, othersOnStage(state), 'camera', heights.stage ?? 0],
  ])
}

export const TEACHER_BIG = TEACHER_WALL
export const WATCHER_LEAD = WATCHER_WALL
export const WATCHER_COURSEWARE = WATCHER_WALL + 1
export const WATCHER_STAGE = WATCHER_WALL + 2

/** Gives each participant in view a wall slot and lets it keep it, so that no tile changes its decoder. */
export class WallSlots {
  private readonly holders: (string | null)[]

  constructor(slots: number) {
    this.holders = Array.from({ length: slots }, () => null)
  }

  /** Slot by participant; participants beyond the last slot get none. */
  assign(participantIds: readonly string[]): ReadonlyMap<string, number> {
    this.holders.forEach((holder, slot) => {
      if (holder !== null && !participantIds.includes(holder)) this.holders[slot] = null
    })
    for (const id of participantIds) {
      if (this.holders.includes(id)) continue
      const free = this.holders.indexOf(null)
      if (free >= 0) this.holders[free] = id
    }
    return new Map(
      this.holders.flatMap((holder, slot) => (holder === null ? [] : [[holder, slot] as const])),
    )
  }
}

/** A wall as it is shown now: whose picture flows in which slot, and how high its tiles are in device pixels. */
export interface WallView {
  readonly slots: ReadonlyMap<string, number>
  readonly height: number
}

export const NO_WALL: WallView = { slots: new Map(), height: 0 }

function wallViews(state: RoomState, { slots, height }: WallView): SlotView[] {
  if (height <= 0) return []
  return [...slots].flatMap(([participantId, slot]) => {
    const source = sourceOf(state, participantId, 'camera')
    return source === null || !source.has_video ? [] : [slotView(slot, source.source_id, height)]
  })
}

type Large = readonly [slot: number, who: string | null, kind: SourceKind, height: number]

function largeViews(state: RoomState, wishes: readonly Large[]): SlotView[] {
  return wishes.flatMap(([slot, who, kind, height]) => {
    const source = who === null ? null : sourceOf(state, who, kind)
    return source === null || !source.has_video || height <= 0 ? [] : [slotView(slot, source.source_id, height)]
  })
}

/** The teacher's wishes: the wall in small pictures, and one large picture. */
export function teacherView(
  state: RoomState,
  wall: WallView,
  big: { readonly participantId: string; readonly height: number } | null,
): SlotView[] {
  const large: Large[] = big === null ? [] : [[TEACHER_BIG, big.participantId, 'camera', big.height]]
  return [...wallViews(state, wall), ...largeViews(state, large)]
}

/** The wishes of who watches: lead and courseware, who is on stage, and the wall where it may be seen. */
export function watcherView(state: RoomState, wall: WallView, heights: Heights): SlotView[] {
  return [
    ...wallViews(state, wall),
    ...largeViews(state, [
      [WATCHER_LEAD, LEAD, 'camera', heights.lead ?? 0],
      [WATCHER_COURSEWARE, LEAD, 'courseware', heights.courseware ?? 0],
      [WATCHER_STAGE, othersOnStage(state), 'camera', heights.stage ?? 0],
    ]),
  ]
}
