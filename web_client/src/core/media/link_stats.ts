/** The figures of getStats that decisions are made of (W3C webrtc-stats). */

/** One row of a statistics report. Browsers differ in what they fill in. */
export type StatRow = Readonly<Record<string, unknown>>

export interface DownlinkTotals {
  readonly rttMs: number | null
  readonly received: number
  readonly lost: number
  /** Frames received so far, by the track's id. */
  readonly frames: ReadonlyMap<string, number>
  /** Frames decoded so far, by the track's id. */
  readonly decoded: ReadonlyMap<string, number>
}

/** Sound that was sent. */
export interface SoundTotals {
  readonly packets: number
  /** Sum of the samples' squares, times their length; null: the browser does not measure it. */
  readonly energy: number | null
  readonly durationS: number
}

export interface UplinkTotals {
  readonly rttMs: number | null
  /** Some layer is held back by the link. */
  readonly bandwidthLimited: boolean
  /** Pictures sent so far, of all layers. */
  readonly frames: number
  /** Says that pictures are sent at all. */
  readonly hasVideo: boolean
  /** Share lost on the way up, as the other side reports it. */
  readonly loss: number
  /** Null: the session has no sound. */
  readonly sound: SoundTotals | null
}

function number(row: StatRow, name: string): number | null {
  const value = row[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function isVideo(row: StatRow): boolean {
  return (row.kind ?? row.mediaType) === 'video'
}

/** The round trip of the candidate pair in use. */
function roundTripMs(rows: readonly StatRow[]): number | null {
  const transport = rows.find((row) => row.type === 'transport')
  const pairs = rows.filter((row) => row.type === 'candidate-pair' && row.state === 'succeeded')
  const chosen =
    pairs.find((row) => row.id === transport?.selectedCandidatePairId) ??
    pairs.find((row) => row.nominated === true)
  const seconds = chosen === undefined ? null : number(chosen, 'currentRoundTripTime')
  return seconds === null ? null : seconds * 1000
}

export function downlinkTotals(rows: readonly StatRow[]): DownlinkTotals {
  let received = 0
  let lost = 0
  const frames = new Map<string, number>()
  const decoded = new Map<string, number>()
  for (const row of rows) {
    if (row.type !== 'inbound-rtp') continue
    received += number(row, 'packetsReceived') ?? 0
    lost += number(row, 'packetsLost') ?? 0
    const count = number(row, 'framesReceived') ?? number(row, 'framesDecoded')
    if (isVideo(row) && count !== null && typeof row.trackIdentifier === 'string') {
      frames.set(row.trackIdentifier, count)
      decoded.set(row.trackIdentifier, number(row, 'framesDecoded') ?? count)
    }
  }
  return { rttMs: roundTripMs(rows), received, lost, frames, decoded }
}

export function uplinkTotals(rows: readonly StatRow[]): UplinkTotals {
  const pictures = rows.filter((row) => row.type === 'outbound-rtp' && isVideo(row))
  const reports = rows.filter((row) => row.type === 'remote-inbound-rtp')
  const losses = reports.map((row) => number(row, 'fractionLost') ?? 0)
  return {
    rttMs: roundTripMs(rows),
    bandwidthLimited: pictures.some(
      (row) => row.active !== false && row.qualityLimitationReason === 'bandwidth',
    ),
    frames: pictures.reduce((sum, row) => sum + (number(row, 'framesSent') ?? 0), 0),
    hasVideo: pictures.some((row) => row.active !== false),
    loss: Math.max(0, ...losses),
    sound: soundTotals(rows),
  }
}

function soundTotals(rows: readonly StatRow[]): SoundTotals | null {
  const sent = rows.find((row) => row.type === 'outbound-rtp' && !isVideo(row))
  if (sent === undefined) return null
  const source = rows.find((row) => row.type === 'media-source' && row.kind === 'audio')
  return {
    packets: number(sent, 'packetsSent') ?? 0,
    energy: source === undefined ? null : number(source, 'totalAudioEnergy'),
    durationS: source === undefined ? 0 : (number(source, 'totalSamplesDuration') ?? 0),
  }
}
