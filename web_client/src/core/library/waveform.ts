/** Waveforms: peaks of the sound, made fit for a bar of some hundred pixels. */

export interface Waveform {
  readonly perS: number
  /** 0 for silence, 255 for the loudest. */
  readonly peaks: readonly number[]
}

const FULL = 255

/** Reads the server's JSON; null if it is something else. */
export function waveformOf(text: string): Waveform | null {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  const { per_s: perS, peaks } = (body ?? {}) as { per_s?: unknown; peaks?: unknown }
  if (typeof perS !== 'number' || !(perS > 0) || !Array.isArray(peaks)) return null
  return { perS, peaks: peaks.map((one) => (typeof one === 'number' ? one : 0)) }
}

/** The loudest of each of `count` equal parts of the time, 0…1. */
export function bars(waveform: Waveform, durationS: number, count: number): readonly number[] {
  const perBar = (durationS * waveform.perS) / count
  return Array.from({ length: count }, (_, bar) => {
    const first = Math.floor(bar * perBar)
    const stop = Math.max(first + 1, Math.ceil((bar + 1) * perBar))
    return waveform.peaks.slice(first, stop).reduce((most, one) => Math.max(most, one), 0) / FULL
  })
}

/** The outline as an SVG path, mirrored at the middle, in a box of `bars.length` × 2. */
export function outline(heights: readonly number[]): string {
  if (heights.length === 0) return ''
  const above = heights.map((height, at) => `${at},${round(1 - height)}`)
  const below = heights.map((height, at) => `${at},${round(1 + height)}`).reverse()
  return `M${[...above, ...below].join('L')}Z`
}

const round = (value: number) => Math.round(value * 100) / 100
