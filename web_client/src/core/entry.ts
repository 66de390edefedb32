/** What a page knows of a lesson before it enters: with it, entering takes fewer answers from afar. */
import type { Clock } from './clock'
import type { Lesson, MediaAccess } from './wire'

const RENEW_AFTER_MS = 60_000 // half of a token's life (signaling/config.py, `media_token_s`)

export interface Entry {
  /** The lesson was seen live: media are opened at once, not when the control channel says so, too. */
  readonly live: boolean
  /** Tokens that were asked for before; they may be refused, and are then asked for again. */
  readonly access: Promise<MediaAccess> | null
  /** How far the server's clock is ahead of ours, as far as known. */
  readonly serverAheadMs: number
}

export const NOTHING_KNOWN: Entry = { live: false, access: null, serverAheadMs: 0 }

interface Held {
  readonly lessonId: string
  readonly askedAt: number
  readonly access: Promise<MediaAccess>
}

/** Keeps tokens at hand for the lesson that the next click would enter. */
export class AccessAhead {
  private held: Held | null = null

  constructor(
    private readonly clock: Clock,
    private readonly ask: (lessonId: string) => Promise<MediaAccess>,
  ) {}

  /** To be told again and again which lesson that is; there are tokens only for one that is live. */
  keep(lesson: Pick<Lesson, 'lesson_id' | 'state'> | null): void {
    if (lesson === null || lesson.state !== 'live') {
      this.held = null
      return
    }
    const lessonId = lesson.lesson_id
    if (this.held?.lessonId === lessonId && this.ageMs(this.held) < RENEW_AFTER_MS) return
    const held: Held = { lessonId, askedAt: this.clock.now(), access: this.ask(lessonId) }
    this.held = held
    held.access.catch(() => {
      if (this.held === held) this.held = null
    })
  }

  /** The tokens for a lesson, for who enters it now; null: there are none. */
  take(lessonId: string): Promise<MediaAccess> | null {
    const { held } = this
    this.held = null
    return held?.lessonId === lessonId && this.ageMs(held) < 2 * RENEW_AFTER_MS ? held.access : null
  }

  private ageMs(held: Held): number {
    return this.clock.now() - held.askedAt
  }
}
