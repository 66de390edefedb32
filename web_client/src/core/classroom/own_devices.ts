/** The words that a classroom's own devices call for. Keys of the texts `room.stage.*`, `room.ready.*`. */
import { isFailing } from '../media/devices/device_check'
import type { Devices } from '../base/wire'

/** The mark on stage. `unheard`: the microphone gives nothing; `unseen`: heard, without a picture. */
export type StageMark = 'speaking' | 'muted' | 'unheard' | 'unseen'

export function stageMark(mutedAll: boolean, { camera, microphone }: Devices): StageMark {
  if (mutedAll) return 'muted'
  if (isFailing(microphone)) return 'unheard'
  return isFailing(camera) ? 'unseen' : 'speaking'
}

/** Before the lesson begins; null while the devices are looked for. */
export type Readiness = 'all' | 'no_camera' | 'no_microphone' | 'none'

export function readiness({ camera, microphone }: Devices): Readiness | null {
  if (isFailing(camera)) return isFailing(microphone) ? 'none' : 'no_camera'
  if (isFailing(microphone)) return 'no_microphone'
  return camera === 'ok' && microphone === 'ok' ? 'all' : null
}
