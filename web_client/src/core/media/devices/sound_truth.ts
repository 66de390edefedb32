/** Decides whether the lesson can hear this page's microphone, and if not, why. Texts `sound.*`. */
import type { DeviceState } from '../../base/wire'

/**
 * The state of this page's sound.
 *
 * - `heard`, `starting`: all is well; the session is not up yet.
 * - `denied`, `missing`, `busy`, `insecure`: the microphone's own fault.
 * - `off`: switched off on this page.
 * - `blocked`: muted by the system or on the device.
 * - `dead`: no sound at all, not even noise.
 * - `quiet`: nobody spoke for long.
 * - `not_sent`: the browser sends none.
 */
export type SoundState =
  | 'heard'
  | 'starting'
  | 'denied'
  | 'missing'
  | 'busy'
  | 'insecure'
  | 'off'
  | 'blocked'
  | 'dead'
  | 'quiet'
  | 'not_sent'

/** The facts of one second. */
export interface SoundFacts {
  readonly microphone: DeviceState
  /** The browser says that the device delivers nothing (`MediaStreamTrack.muted`). */
  readonly blocked: boolean
  /** The publishing session is up. */
  readonly publishing: boolean
  /** The server told this page to send no sound now. */
  readonly paused: boolean
  /** Packets of sound sent so far; null: not known. */
  readonly packets: number | null
  /** Root mean square of the second's samples, 0…1; null: not measured. */
  readonly rms: number | null
}

export const BLOCKED_AFTER_S = 3 // a device that starts is muted for a moment
export const DEAD_AFTER_S = 10 // noise suppression gives short spans of true silence
export const NOT_SENT_AFTER_S = 5
export const QUIET_AFTER_S = 120 // pupils write, and nobody speaks
const DEAD_RMS = 1e-5 // of full scale, −100 dB: below one step of 16 bits
const QUIET_RMS = 0.004 // of full scale, −48 dB: a quiet classroom; speech is above −40 dB

export class SoundJudge {
  state: SoundState = 'starting'
  private blockedS = 0
  private deadS = 0
  private quietS = 0
  private unsentS = 0
  private packets: number | null = null

  /** @param quietAfterS when silence is worth a word; a classroom that listens is quiet by nature. */
  constructor(private readonly quietAfterS = QUIET_AFTER_S) {}

  /** To be called once a second. */
  see(facts: SoundFacts): SoundState {
    this.count(facts)
    this.state = this.judged(facts)
    return this.state
  }

  private count({ blocked, microphone, publishing, paused, packets, rms }: SoundFacts): void {
    const listening = microphone === 'ok'
    this.blockedS = listening && blocked ? this.blockedS + 1 : 0
    if (!listening) this.deadS = this.quietS = 0
    else if (rms !== null) {
      this.deadS = rms <= DEAD_RMS ? this.deadS + 1 : 0
      this.quietS = rms <= QUIET_RMS ? this.quietS + 1 : 0
    }
    const stuck = publishing && listening && !paused && packets !== null && packets === this.packets
    this.unsentS = stuck ? this.unsentS + 1 : 0
    this.packets = packets
  }

  private judged({ microphone, publishing }: SoundFacts): SoundState {
    if (microphone === 'unknown' || microphone === 'silent') return 'starting'
    if (microphone !== 'ok') return microphone
    if (this.blockedS >= BLOCKED_AFTER_S) return 'blocked'
    if (this.deadS >= DEAD_AFTER_S) return 'dead'
    if (!publishing) return 'starting'
    if (this.unsentS >= NOT_SENT_AFTER_S) return 'not_sent'
    return this.quietS >= this.quietAfterS ? 'quiet' : 'heard'
  }
}

/** Whether nobody can hear this page; `quiet` may be a lesson in silence. */
export function isUnheard(state: SoundState): boolean {
  return state !== 'heard' && state !== 'starting' && state !== 'quiet'
}

/** What the other pages are told of the microphone. */
export function reported(microphone: DeviceState, state: SoundState): DeviceState {
  const silent = state === 'dead' || state === 'blocked' || state === 'not_sent'
  return microphone === 'ok' && silent ? 'silent' : microphone
}
