/** Tokens held ready for the lesson that the next click would enter. */
import type { Clock } from '../base/clock'
import type { Lesson, MediaAccess } from '../base/wire'

interface Held {
  readonly lessonId: string
  readonly access: Promise<MediaAccess>
  /** The time of the next renewal, on our clock; infinite while there is no answer. */
  renewAt: number
}

export class AccessAhead {
  private held: Held | null = null

  /**
   * @param ask requests new tokens; it fails or answers within a bounded time.
   * @param serverNow gives the server's time.
   */
  constructor(
    private readonly clock: Clock,
    private readonly ask: (lessonId: string) => Promise<MediaAccess>,
    private readonly serverNow: () => number,
  ) {}

  /**
   * Keeps tokens for this lesson; callers repeat the call. Only a live lesson has tokens. They are renewed after
   * half of their life, and with every call while none is left.
   */
  keep(lesson: Pick<Lesson, 'lesson_id' | 'state'> | null): void {
    if (lesson === null || lesson.state !== 'live') {
      this.held = null
      return
    }
    const lessonId = lesson.lesson_id
    if (this.held?.lessonId === lessonId && this.clock.now() < this.held.renewAt) return
    const held: Held = { lessonId, access: this.ask(lessonId), renewAt: Infinity }
    this.held = held
    held.access.then(
      (access) => (held.renewAt = this.clock.now() + this.lifeMs(access) / 2),
      () => {
        if (this.held === held) this.held = null
      },
    )
  }

  /** The tokens for a lesson that is entered now; null: there are none. */
  take(lessonId: string): Promise<MediaAccess> | null {
    const { held } = this
    this.held = null
    return held?.lessonId === lessonId ? held.access : null
  }

  /** The end of the token that ends first. All are asked for together. */
  private lifeMs({ camera, courseware, watch }: MediaAccess): number {
    const ends = [camera, courseware, watch].map((one) => (one === null ? Infinity : Date.parse(one.expires_at)))
    return Math.min(...ends) - this.serverNow()
  }
}
