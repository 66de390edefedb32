/** The step of a classroom on the ladder. The link decides what is shown, and how the page says it. */
import type { RoomState } from './room_state'
import { LEAD } from './parts/presence'
import { sourceOf } from './parts/published'
import { videoSlot } from './parts/slots'
import { SHOWN_AFTER_MS } from '../base/steady'
import { CLASSROOM_COURSEWARE, CLASSROOM_LEAD, CLASSROOM_STAGE, othersOnStage } from './view_plan'
import type { SlotNow, Source } from '../base/wire'

const REDUCED_AFTER_MS = 5000

/**
 * The state of one picture on the link.
 *
 * - `absent`: nobody sends it, or in no codec that this browser decodes.
 * - `coming`: it will flow any moment.
 * - `full`: it flows as large as it can be.
 * - `less`: it is smaller, or has fewer pictures a second, than it could have.
 * - `held`: the link does not carry it.
 * - `heavy`: it is sent at a higher rate than the server passes on to anybody.
 */
export type Picture = 'absent' | 'coming' | 'full' | 'less' | 'held' | 'heavy'

/** The page as a whole, downwards. */
export type Rung = 'full' | 'reduced' | 'stills' | 'sound'

/** The time that a rung must last before the page says it. A picture that climbs after entering is no trouble. */
export function rungLastsMs(rung: Rung): number {
  return rung === 'reduced' ? REDUCED_AFTER_MS : SHOWN_AFTER_MS
}

export interface Ladder {
  readonly lead: Picture
  readonly courseware: Picture
  readonly stage: Picture
  readonly rung: Rung
}

export function picture(source: Source | null, slot: SlotNow | null): Picture {
  if (source === null || !source.has_video || slot?.codec_missing === true) return 'absent'
  const layer = slot?.layer ?? null
  const ideal = slot?.ideal ?? null
  if (layer === null) return ideal === null ? 'coming' : leftOut(slot)
  return slot?.thinned === true || (ideal !== null && ideal !== layer) ? 'less' : 'full'
}

/** While the link is looked at the picture may come any moment: no word of a slow link yet. */
function leftOut(slot: SlotNow | null): Picture {
  if (slot?.hold === 'checking') return 'coming'
  return slot?.hold === 'source' ? 'heavy' : 'held'
}

/**
 * Finds the classroom's step. A picture that is `coming` counts as there.
 *
 * @param pageSeen the courseware's video was seen: its last frame stays until a still comes.
 */
export function classroomLadder(state: RoomState, pageSeen = false): Ladder {
  const peer = othersOnStage(state)
  const seen = (source: Source | null, slot: number) => picture(source, videoSlot(state, slot))
  const lead = seen(sourceOf(state, LEAD, 'camera'), CLASSROOM_LEAD)
  const courseware = seen(sourceOf(state, LEAD, 'courseware'), CLASSROOM_COURSEWARE)
  const stage = seen(peer === null ? null : sourceOf(state, peer, 'camera'), CLASSROOM_STAGE)
  return { lead, courseware, stage, rung: rungOf([lead, courseware, stage], courseware, pageSeen || hasStill(state)) }
}

/** A still of the lead's courseware is here. */
function hasStill(state: RoomState): boolean {
  const source = sourceOf(state, LEAD, 'courseware')
  return source !== null && state.still?.source_id === source.source_id
}

function rungOf(pictures: readonly Picture[], courseware: Picture, page: boolean): Rung {
  if (courseware === 'held' && page) return 'stills'
  const there = pictures.filter((one) => one !== 'absent')
  const held = there.filter((one) => one === 'held')
  if (held.length > 0 && held.length === there.length) return 'sound'
  return held.length > 0 || there.includes('less') ? 'reduced' : 'full'
}
