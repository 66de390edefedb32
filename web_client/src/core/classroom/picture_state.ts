/** The state of one picture, made of all facts known of it. Texts `picture.*`, cover `PictureCover`. */
import { isFailing } from '../media/devices/device_check'
import type { Picture } from './ladder'
import { picture } from './ladder'
import type { RoomState } from './room_state'
import { participant } from './parts/presence'
import { sourceOf } from './parts/published'
import { videoSlot } from './parts/slots'
import type { DeviceState, LinkState, SourceKind } from '../base/wire'

/**
 * The reason why a picture is not seen.
 *
 * - `shown`: it is seen.
 * - `not_yet`, `left`: its sender is not here.
 * - `camera_off`: its sender switched the camera off.
 * - `camera_gone`: the camera fails.
 * - `no_camera`: its sender sends sound only.
 * - `coming`: it will flow any moment.
 * - `link_bad`: this page's link does not carry it.
 * - `heavy`: it is sent at a higher rate than the server passes on.
 * - `sender_link`: its sender's link is bad.
 * - `too_slow`: this computer does not keep up.
 * - `codec`: this browser cannot decode it.
 * - `hidden`: the page's plan leaves it out.
 * - `standing`: it ran and stands still.
 * - `cut`: this page has lost its media connection.
 */
export type PictureState =
  | 'shown'
  | 'not_yet'
  | 'left'
  | 'camera_off'
  | 'camera_gone'
  | 'no_camera'
  | 'coming'
  | 'link_bad'
  | 'heavy'
  | 'sender_link'
  | 'too_slow'
  | 'codec'
  | 'hidden'
  | 'standing'
  | 'cut'

/** The way in which this page's decoder copes with a picture. */
export type Decoder = 'ok' | 'slow' | 'missing'

export interface PictureFacts {
  /** The media connection of this page is gone. */
  readonly cut: boolean
  /** The sender's page: never in this lesson, here, or away by now. */
  readonly sender: 'never' | 'here' | 'away'
  readonly sends: 'nothing' | 'sound' | 'picture'
  /** The sender's camera, as its page reports it. */
  readonly camera: DeviceState
  /** The sender's uplink, as the server judges it. */
  readonly uplink: LinkState | null
  /** The page's plan asks for this picture. */
  readonly asked: boolean
  readonly picture: Picture
  /** The picture ran and stands still. */
  readonly standing: boolean
  readonly decoder: Decoder
}

export function pictureState(facts: PictureFacts): PictureState {
  if (facts.cut) return 'cut'
  // A recorder host may send while its teacher's page is closed: a picture that moves is shown.
  const moves = (facts.picture === 'full' || facts.picture === 'less') && !facts.standing
  if (facts.sender !== 'here' && !(facts.sends === 'picture' && (moves || facts.picture === 'held'))) {
    return facts.sender === 'never' ? 'not_yet' : 'left'
  }
  if (facts.camera === 'off') return 'camera_off' // its page says so sooner than frames stop to come
  if (!moves && isFailing(facts.camera)) return 'camera_gone'
  if (facts.sends === 'nothing') return 'coming'
  if (facts.sends === 'sound') return 'no_camera'
  return receivedState(facts)
}

/** The state of a picture that its sender sends. */
function receivedState(facts: PictureFacts): PictureState {
  if (facts.decoder === 'missing') return 'codec'
  if (!facts.asked) return 'hidden'
  if (facts.picture === 'held') return 'link_bad'
  if (facts.picture === 'heavy') return 'heavy'
  if (facts.decoder === 'slow') return 'too_slow'
  const bad = facts.uplink === 'poor' || facts.uplink === 'offline'
  if (facts.picture === 'coming' || facts.picture === 'absent') return bad ? 'sender_link' : 'coming'
  if (facts.standing) return bad ? 'sender_link' : 'standing'
  return 'shown'
}

/** What a page knows by itself of one of its video slots. */
export interface SlotFacts {
  /** The slot, or null where the plan gives the picture none. */
  readonly slot: number | null
  readonly cut: boolean
  readonly standing: boolean
  /** This computer decodes next to nothing of what arrives. */
  readonly slow: boolean
}

/** The facts of somebody's picture, from the room's state and what this page knows of its slot. */
export function pictureFacts(state: RoomState, who: string, kind: SourceKind, own: SlotFacts): PictureFacts {
  const person = participant(state, who)
  const source = sourceOf(state, who, kind)
  const now = own.slot === null ? null : videoSlot(state, own.slot)
  return {
    cut: own.cut,
    sender: person?.online === true ? 'here' : person?.attended === true ? 'away' : 'never',
    sends: source === null ? 'nothing' : source.has_video ? 'picture' : 'sound',
    camera: kind === 'camera' ? (person?.devices.camera ?? 'unknown') : 'ok',
    uplink: person?.link.uplink ?? null,
    asked: own.slot !== null,
    picture: picture(source, now),
    standing: own.standing && kind === 'camera', // courseware stands by nature
    decoder: now?.codec_missing === true ? 'missing' : own.slow ? 'slow' : 'ok',
  }
}
