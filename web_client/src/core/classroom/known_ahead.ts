/** Facts about a lesson that a page has before it enters. With them, entering waits for fewer answers. */
import type { MediaAccess } from '../base/wire'

export interface KnownAhead {
  /** The lesson was seen live. Watching begins at once, before the control channel says so. */
  readonly live: boolean
  /** Tokens asked for in advance. If they prove spent or refused, the page asks again. */
  readonly access: Promise<MediaAccess> | null
}

export const NOTHING_KNOWN: KnownAhead = { live: false, access: null }
