/** What to ask for in each video slot, from who is there and how large each picture is shown. */
import type { RoomState } from './room_state'
import { LEAD, sourceOf } from './room_state'
import { TEACHER_WALL } from './viewer'
import type { SlotView, SourceKind } from './wire'

/** Heights at which the next larger layer is asked for: a third more than the layer has. */
const LOW_UP_TO = 240
const MIDDLE_UP_TO = 480

/** The highest layer worth sending for a picture shown this many device pixels high. */
export function layerFor(height: number): 'l' | 'm' | 'h' {
  if (height <= LOW_UP_TO) return 'l'
  return height <= MIDDLE_UP_TO ? 'm' : 'h'
}

/** How high a picture is shown, in device pixels; 0 where it is not shown. */
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

/** Who is shown in the classroom's stage picture: the first on stage besides itself. */
export function othersOnStage(state: RoomState): string | null {
  return state.onStage.find((one) => one !== state.you) ?? null
}

/** The classroom's wishes: the lead camera, the courseware, and whoever else is on stage. */
export function classroomView(state: RoomState, heights: Heights): SlotView[] {
  const wishes: [number, string | null, SourceKind, number][] = [
    [CLASSROOM_LEAD, LEAD, 'camera', heights.lead ?? 0],
    [CLASSROOM_COURSEWARE, LEAD, 'courseware', heights.courseware ?? 0],
    [CLASSROOM_STAGE, othersOnStage(state), 'camera', heights.stage ?? 0],
  ]
  return wishes.flatMap(([slot, who, kind, height]) => {
    const source = who === null ? null : sourceOf(state, who, kind)
    return source === null || !source.has_video || height <= 0
      ? []
      : [slotView(slot, source.source_id, height)]
  })
}

export const TEACHER_BIG = TEACHER_WALL

/** Gives each participant a wall slot and lets it keep it, so that no tile changes its decoder. */
export class WallSlots {
  private readonly holders: (string | null)[] = Array.from({ length: TEACHER_WALL }, () => null)

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

/** The teacher's wishes: the wall in small pictures, and one large picture. */
export function teacherView(
  state: RoomState,
  wall: ReadonlyMap<string, number>,
  tileHeight: number,
  big: { readonly participantId: string; readonly height: number } | null,
): SlotView[] {
  const views: SlotView[] = []
  for (const [participantId, slot] of wall) {
    const source = sourceOf(state, participantId, 'camera')
    if (source !== null && source.has_video && tileHeight > 0) {
      views.push(slotView(slot, source.source_id, tileHeight))
    }
  }
  const bigSource = big === null ? null : sourceOf(state, big.participantId, 'camera')
  if (big !== null && bigSource !== null && bigSource.has_video && big.height > 0) {
    views.push(slotView(TEACHER_BIG, bigSource.source_id, big.height))
  }
  return views
}
