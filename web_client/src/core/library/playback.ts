/** Playing a recording's sources together: which file is due, and how to bring a player back in step. */
import type { RecordingDetail, RecordingFile, RecordingSource, ResourceEdits, Span, StageSpan } from '../base/wire'

export const SEEK_BEYOND_S = 0.3 // a larger drift is jumped over
export const IN_STEP_S = 0.04 // a drift that nobody sees
const PULL_PER_S = 0.5 // share of the drift to remove in a second
const MAX_PULL = 0.1 // change of speed that does not sound wrong

/** The file in which a moment of the recording lies, or null where the source has nothing. */
export function fileAt(source: RecordingSource, positionS: number): RecordingFile | null {
  return (
    source.files.find(
      (file) => positionS >= file.offset_s && positionS < file.offset_s + file.duration_s,
    ) ?? null
  )
}

/** The file that begins next, where the source has nothing now: it is fetched before it is due. */
export function fileAfter(source: RecordingSource, positionS: number): RecordingFile | null {
  const later = source.files.filter((file) => file.offset_s > positionS)
  return later.reduce<RecordingFile | null>((first, file) => (first === null || file.offset_s < first.offset_s ? file : first), null)
}

export const BEGINS_WITHIN_S = 0.5 // what begins so soon has its place already, so that no picture jumps

/** The file that is seen at a moment: the one there, or the one that begins just after it. */
export function fileSeenAt(source: RecordingSource, positionS: number): RecordingFile | null {
  const there = fileAt(source, positionS)
  if (there !== null) return there
  const next = fileAfter(source, positionS)
  return next !== null && next.offset_s - positionS <= BEGINS_WITHIN_S ? next : null
}

/** Whether a source shows anything at all: of a hidden picture only the sound is played. */
export const hasPicture = (source: RecordingSource | null): boolean => source !== null && source.files.some((file) => file.has_video)

/** Whether a source shows anything at a moment. */
export const picturedAt = (source: RecordingSource | null, positionS: number): boolean => source !== null && fileSeenAt(source, positionS)?.has_video === true

export const START_AHEAD_S = 6 // that are there before playing begins: more than a segment, so that the next one is in time
export const START_PATIENCE_MS = 10_000 // of that wait; a poorer line starts with what it has

interface Ranges {
  readonly length: number
  start(number: number): number
  end(number: number): number
}

/** Whether a player has what it needs to begin at `atS`: so many seconds, or all up to the end of its file. */
export function hasAhead(buffered: Ranges, atS: number, durationS: number): boolean {
  const wantedS = Math.min(atS + START_AHEAD_S, durationS - IN_STEP_S)
  for (let number = 0; number < buffered.length; number += 1) {
    if (buffered.start(number) <= atS + IN_STEP_S && buffered.end(number) >= wantedS) return true
  }
  return false
}

export type Correction =
  | { readonly kind: 'keep' }
  | { readonly kind: 'pull'; readonly rate: number }
  | { readonly kind: 'seek'; readonly to: number }

/**
 * What to do with a player that is at `actual` and should be at `target` (seconds of its file).
 * `mayPull` is false for the one that everybody else follows: its sound must not change pitch.
 */
export function correction(
  actual: number,
  target: number,
  rate: number,
  mayPull: boolean,
): Correction {
  const drift = actual - target
  if (Math.abs(drift) > SEEK_BEYOND_S) return { kind: 'seek', to: target }
  if (!mayPull || Math.abs(drift) <= IN_STEP_S) return { kind: 'keep' }
  const pull = Math.min(MAX_PULL, Math.max(-MAX_PULL, drift * PULL_PER_S))
  return { kind: 'pull', rate: rate * (1 - pull) }
}

/** The clock of a recording: runs by itself, or follows the player that leads. */
export class MasterClock {
  playing = false
  private positionS = 0
  private readAtMs = 0
  private speed = 1

  constructor(private readonly durationS: number) {}

  get rate(): number {
    return this.speed
  }

  position(nowMs: number): number {
    const ran = this.playing ? ((nowMs - this.readAtMs) / 1000) * this.speed : 0
    return Math.min(this.durationS, Math.max(0, this.positionS + ran))
  }

  play(nowMs: number): void {
    this.moveTo(this.ended(nowMs) ? 0 : this.position(nowMs), nowMs)
    this.playing = true
  }

  pause(nowMs: number): void {
    this.moveTo(this.position(nowMs), nowMs)
    this.playing = false
  }

  /** Jumps, or takes over the leading player's position. */
  moveTo(positionS: number, nowMs: number): void {
    this.positionS = Math.min(this.durationS, Math.max(0, positionS))
    this.readAtMs = nowMs
  }

  setRate(rate: number, nowMs: number): void {
    this.moveTo(this.position(nowMs), nowMs)
    this.speed = rate
  }

  ended(nowMs: number): boolean {
    return this.position(nowMs) >= this.durationS
  }
}

/** What the player plays: a recording, or what of it was published. */
export interface Played {
  readonly durationS: number
  readonly sources: readonly RecordingSource[]
  readonly stage: readonly StageSpan[]
}

/** What of a source viewers get. */
export type SourceShare = 'shown' | 'sound' | 'hidden'
type Hidden = Pick<ResourceEdits, 'hidden_sources' | 'hidden_pictures'>

export function shareOf(sourceId: string, edits: Hidden): SourceShare {
  if (edits.hidden_sources.includes(sourceId)) return 'hidden'
  return edits.hidden_pictures.includes(sourceId) ? 'sound' : 'shown'
}

/** A source whose picture is hidden. The file of whoever edits may hold both: its picture is not shown then. */
function withoutPicture(source: RecordingSource): RecordingSource {
  const files = source.files.filter((file) => file.has_audio).map((file) => ({ ...file, has_video: false, width: null, height: null }))
  return { ...source, files, storyboard_url: null }
}

/** A recording as it is played; with edits as viewers get it. */
export function playedOf(detail: RecordingDetail, edits?: Hidden): Played {
  const shares = (one: RecordingSource): SourceShare => (edits === undefined ? 'shown' : shareOf(one.source_id, edits))
  const sources = detail.sources
    .filter((one) => shares(one) !== 'hidden')
    .map((one) => (shares(one) === 'sound' ? withoutPicture(one) : one))
  return { durationS: detail.summary.duration_s, sources, stage: detail.stage }
}

/** The sources by their part in the player. */
export interface Cast {
  readonly camera: RecordingSource | null
  readonly courseware: RecordingSource | null
  /** Rooms, heard and seen only while on stage. */
  readonly rooms: readonly RecordingSource[]
}

export function cast(detail: Pick<Played, 'sources'>): Cast {
  const lead = (kind: string) =>
    detail.sources.find((one) => one.lead && one.kind === kind && one.files.length > 0) ?? null
  return {
    camera: lead('camera'),
    courseware: lead('courseware'),
    rooms: detail.sources.filter((one) => !one.lead && one.files.length > 0),
  }
}

/** The participant a source belongs to: source ids are `<participant>.<kind>`. */
export function ownerOf(source: RecordingSource): string {
  return source.source_id.slice(0, source.source_id.lastIndexOf('.'))
}

/** Whether the source's participant is on stage at a moment. */
export function onStageAt(
  stage: readonly StageSpan[],
  source: RecordingSource,
  positionS: number,
): boolean {
  const owner = ownerOf(source)
  return stage.some(
    (span) =>
      span.participant_id === owner && positionS >= span.start_s && positionS < span.end_s,
  )
}

/** A span as a share of the seek bar, in per cent. */
export function barShare(span: Span, durationS: number): { left: number; width: number } {
  const share = (seconds: number) =>
    durationS > 0 ? (Math.min(durationS, Math.max(0, seconds)) / durationS) * 100 : 0
  const left = share(span.start_s)
  return { left, width: share(span.end_s) - left }
}

export type PlayerLayout = 'side_by_side' | 'courseware' | 'camera' | 'single'
export const LAYOUTS: readonly PlayerLayout[] = ['side_by_side', 'courseware', 'camera', 'single']
export type Picture = 'camera' | 'courseware'

/** How the two pictures stand now; `alone` names the one that has the whole place. */
export interface Arrangement {
  readonly layout: PlayerLayout
  readonly alone: Picture | null
}

/** The wanted layout, but a picture that has no company at this moment gets the whole place. */
export function arrangement(
  wanted: PlayerLayout,
  chosenAlone: Picture,
  present: Readonly<Record<Picture, boolean>>,
): Arrangement {
  if (present.camera !== present.courseware) {
    return { layout: 'single', alone: present.camera ? 'camera' : 'courseware' }
  }
  return { layout: wanted, alone: wanted === 'single' ? chosenAlone : null }
}

export const SOUNDLESS_FROM_S = 60 // shorter: a cable that was pulled for a moment

/**
 * Seconds of the recording without the lead teacher's sound, where they are many; else 0. A file with a silent
 * microphone counts as sound: only what was never sent is known to be missing.
 */
export function soundlessS(detail: RecordingDetail): number {
  const files = detail.sources.filter((one) => one.lead).flatMap((one) => one.files)
  const heard = files
    .filter((file) => file.has_audio)
    .map((file) => [file.offset_s, file.offset_s + file.duration_s] as const)
    .sort(([a], [b]) => a - b)
  let covered = 0
  let until = 0
  for (const [from, to] of heard) {
    covered += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  const missing = detail.summary.duration_s - covered
  return missing >= SOUNDLESS_FROM_S ? missing : 0
}
