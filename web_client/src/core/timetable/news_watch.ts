/** Asks the server again and again whether the timetable changed, and tells the page. */
import type { Clock } from '../base/clock'
import { Poll } from '../base/poll'
import type { TimetableNews } from '../base/wire'

const PAUSE_MS = 300 // between an answer and the next question: many changes come as one
const RETRY_MS = 3000 // after a failure
const MAX_RETRY_MS = 30_000
const MAX_OTHERS = 3 // processes that are remembered beside the present one; as MAX_BOARDS in news.py

/**
 * A place holds a number for each web process that the page has come to: `<process>.<number>~…` (news.py). What was
 * just read tells of one process; what is known of the others stays.
 */
function together(known: string, read: string): string {
  const name = (one: string) => one.split('.', 1)[0]
  const names = read.split('~').map(name)
  const others = known.split('~').filter((one) => one !== '' && !names.includes(name(one)))
  return [...others.slice(-MAX_OTHERS), read].join('~')
}

export class NewsWatch {
  private since: string | null = null
  private failures = 0
  private readonly poll: Poll

  /**
   * @param ask waits on the server for news.
   * @param changed is told of the lessons that changed; of none where everything is to be read again. It never rejects.
   */
  constructor(
    clock: Clock,
    private readonly ask: (since: string) => Promise<TimetableNews>,
    private readonly changed: (lessonIds: readonly string[]) => Promise<void>,
  ) {
    this.poll = new Poll(clock, () => this.turn())
  }

  /** Begins at the state that a page has just read; a later call moves on to a newer state. */
  from(since: string): void {
    const first = this.since === null
    this.since = together(this.since ?? '', since)
    if (first) void this.poll.now()
  }

  stop(): void {
    this.poll.stop()
  }

  private async turn(): Promise<number | null> {
    const asked = this.since ?? ''
    try {
      const news = await this.ask(asked)
      this.failures = 0
      // The page read anew while the question was under way: the answer is about an older state.
      if (this.since === asked) {
        this.since = news.since
        if (news.changed) await this.changed(news.lesson_ids)
      }
      return PAUSE_MS
    } catch {
      this.failures += 1
      return Math.min(RETRY_MS * this.failures, MAX_RETRY_MS)
    }
  }
}
