/** What a page knows of a lesson ahead of entering it: with it, entering takes fewer answers from afar. */
import type { MediaAccess } from './wire'

export interface KnownAhead {
  /** The lesson was seen live: what is watched opens at once, not when the control channel says so, too. */
  readonly live: boolean
  /** Tokens that were asked for before; they may be spent or refused, and are then asked for again. */
  readonly access: Promise<MediaAccess> | null
}

export const NOTHING_KNOWN: KnownAhead = { live: false, access: null }
