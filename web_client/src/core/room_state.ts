/** The lesson room as a page sees it: a snapshot, and each numbered event applied to it. */
import type {
  HandRaise,
  LessonNow,
  Participant,
  RecordingState,
  ServerMessage,
  SlotNow,
  Snapshot,
  Still,
  Source,
  SourceKind,
} from './wire'
import { isWhole, withPart } from './still_parts'

export interface RoomState {
  readonly instance: string
  readonly seq: number
  readonly you: string
  readonly lesson: LessonNow
  readonly participants: readonly Participant[]
  readonly hands: readonly HandRaise[]
  readonly onStage: readonly string[]
  readonly mutedAll: boolean
  readonly sources: readonly Source[]
  readonly recording: RecordingState
  readonly slots: readonly SlotNow[]
  /** The newest page of courseware that came as a picture. */
  readonly still: Still | null
  /** The one after it, of which parts are still to come. */
  readonly stillComing: Still | null
  /** The server's time at the snapshot, as it told it. */
  readonly serverTime: string
}

/**
 * The state after a message. Messages that do not touch the state, and events already applied, give the
 * same object back. A jump in `seq` is no fault: each event replaces a whole piece of the state.
 */
export function reduce(state: RoomState | null, message: ServerMessage): RoomState | null {
  if (message.type === 'snapshot') return fromSnapshot(message)
  if (state === null) return null
  if (message.type === 'slots') return { ...state, slots: message.slots }
  if (message.type === 'still') return withStill(state, message)
  if (message.type === 'resumed' || !('seq' in message) || message.seq <= state.seq) return state
  const seen = { ...state, seq: message.seq }
  switch (message.type) {
    case 'lesson_changed':
      return { ...seen, lesson: message.lesson }
    case 'participant_changed':
      return {
        ...seen,
        participants: replaced(
          state.participants,
          message.participant,
          (one) => one.participant_id === message.participant.participant_id,
        ),
      }
    case 'hands_changed':
      return { ...seen, hands: message.hands }
    case 'stage_changed':
      return { ...seen, onStage: message.on_stage }
    case 'mute_changed':
      return { ...seen, mutedAll: message.muted_all }
    case 'source_changed':
      return {
        ...seen,
        sources: replaced(
          state.sources,
          message.source,
          (one) => one.source_id === message.source.source_id,
        ),
      }
    case 'source_removed':
      return {
        ...seen,
        sources: state.sources.filter((one) => one.source_id !== message.source_id),
        still: state.still?.source_id === message.source_id ? null : state.still,
      }
    case 'recording_changed':
      return { ...seen, recording: message.recording }
  }
}

function withStill(state: RoomState, part: Still): RoomState {
  const coming = withPart(state.stillComing, part)
  if (coming === null || !isWhole(coming)) return { ...state, stillComing: coming }
  return { ...state, still: coming, stillComing: null }
}

function fromSnapshot(message: Snapshot): RoomState {
  return {
    instance: message.instance,
    seq: message.seq,
    you: message.you,
    lesson: message.lesson,
    participants: message.participants,
    hands: message.hands,
    onStage: message.on_stage,
    mutedAll: message.muted_all,
    sources: message.sources,
    recording: message.recording,
    slots: [],
    still: null,
    stillComing: null,
    serverTime: message.server_time,
  }
}

/** The list with the matching item replaced in its place, or appended. */
function replaced<T>(list: readonly T[], item: T, matches: (one: T) => boolean): readonly T[] {
  return list.some(matches) ? list.map((one) => (matches(one) ? item : one)) : [...list, item]
}

export const LEAD = 'lead'

export function roomParticipantId(roomId: string): string {
  return `room-${roomId}`
}

export function participant(state: RoomState, participantId: string): Participant | null {
  return state.participants.find((one) => one.participant_id === participantId) ?? null
}

export function sourceOf(
  state: RoomState,
  participantId: string,
  kind: SourceKind,
): Source | null {
  return (
    state.sources.find((one) => one.participant_id === participantId && one.kind === kind) ?? null
  )
}

/** Place in the queue of hands from 1, or 0 where the hand is down. */
export function handPlace(state: RoomState, participantId: string): number {
  return state.hands.findIndex((hand) => hand.participant_id === participantId) + 1
}

export function isOnStage(state: RoomState, participantId: string): boolean {
  return state.onStage.includes(participantId)
}

/** What the server says flows in a video slot now. */
export function videoSlot(state: RoomState, slot: number): SlotNow | null {
  return state.slots.find((one) => one.kind === 'video' && one.slot === slot) ?? null
}
