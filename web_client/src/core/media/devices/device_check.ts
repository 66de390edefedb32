/** 设备检测: the arithmetic of the level meter, and what a device's failure means. */
import type { DeviceState } from '../../base/wire'

const FLOOR_DB = -60 // what a quiet classroom gives
const RELEASE_PER_S = 2.5 // how fast the meter falls, in full scales a second
/** A meter that reached this saw speech, not noise. */
export const HEARD_LEVEL = 0.35

/** The level of samples in −1…1 as 0…1 over 60 dB. */
export function level(samples: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < samples.length; i += 1) sum += (samples[i] ?? 0) ** 2
  const rms = Math.sqrt(sum / Math.max(1, samples.length))
  if (rms === 0) return 0
  const decibel = 20 * Math.log10(rms)
  return Math.min(1, Math.max(0, 1 - decibel / FLOOR_DB))
}

/** A meter that rises at once and falls slowly, and remembers whether it ever heard somebody. */
export class LevelMeter {
  value = 0
  heard = false

  /** @param elapsedS seconds since the last update. */
  update(samples: ArrayLike<number>, elapsedS: number): number {
    const now = level(samples)
    this.value = Math.max(now, this.value - RELEASE_PER_S * Math.max(0, elapsedS))
    if (this.value >= HEARD_LEVEL) this.heard = true
    return this.value
  }
}

/** What a failed getUserMedia says about the device (Media Capture and Streams §10.2). */
export function failureOf(name: string): 'missing' | 'denied' | 'busy' {
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  // `TrackStartError`: older Chromium. The device is there, and the system does not hand it over.
  return name === 'NotReadableError' || name === 'AbortError' || name === 'TrackStartError' ? 'busy' : 'missing'
}

/** A device that should work and does not; one that its person switched off does as it is told. */
export function isFailing(state: DeviceState): boolean {
  return state !== 'ok' && state !== 'unknown' && state !== 'off'
}
