/** 今日看板: which lessons need somebody, in which order they stand, and how the board is kept up to date. */
import type { TodayBoard, TodayCounts, TodayLesson, TodayRoom, TodayState } from '../base/wire'

export type TodayGroup = 'attention' | 'live' | 'due' | 'missed' | 'over'

/** The groups in the order in which somebody is needed. */
export const TODAY_GROUPS: readonly TodayGroup[] = ['attention', 'live', 'due', 'missed', 'over']

const GROUPS: Readonly<Record<TodayState, TodayGroup>> = {
  late: 'attention',
  live: 'live',
  due: 'due',
  not_started: 'missed',
  ended: 'over',
  cancelled: 'over',
}

/** What is wrong with a lesson that is going on; `n` rooms. */
export type Trouble =
  | { readonly kind: 'late' | 'lead_offline' }
  | { readonly kind: 'rooms_offline' | 'rooms_poor'; readonly n: number }

const offline = (room: TodayRoom): boolean => room.online === false
const poor = (room: TodayRoom): boolean => room.online === true && room.link === 'poor'

/** The troubles of a lesson, the worst first. Before its time nobody is missing. */
export function troublesOf(lesson: TodayLesson): readonly Trouble[] {
  if (lesson.state === 'late') return [{ kind: 'late' }]
  if (lesson.state !== 'live') return []
  const troubles: Trouble[] = []
  if (lesson.lead_online === false) troubles.push({ kind: 'lead_offline' })
  const gone = lesson.rooms.filter(offline).length
  if (gone > 0) troubles.push({ kind: 'rooms_offline', n: gone })
  const weak = lesson.rooms.filter(poor).length
  if (weak > 0) troubles.push({ kind: 'rooms_poor', n: weak })
  return troubles
}

/** The group in which a lesson stands. A poor link is told, but nobody has to act on it. */
export function groupOf(lesson: TodayLesson): TodayGroup {
  const missing = troublesOf(lesson).some(({ kind }) => kind === 'lead_offline' || kind === 'rooms_offline')
  return missing ? 'attention' : GROUPS[lesson.state]
}

/** The rooms of a lesson: those that are missing first, then the poorest links. */
export function roomsByNeed(lesson: TodayLesson): readonly TodayRoom[] {
  if (lesson.state !== 'live') return lesson.rooms
  const LINKS = ['offline', 'poor', 'fair', 'good']
  const need = (room: TodayRoom) => (offline(room) ? 0 : LINKS.indexOf(room.link ?? 'good'))
  return [...lesson.rooms].sort((a, b) => need(a) - need(b))
}

/** 到课人数 of a lesson as far as rooms were counted; null where none was. */
export function pupilsOf(lesson: TodayLesson): number | null {
  const counted = lesson.rooms.flatMap((room) => room.headcount ?? [])
  return counted.length === 0 ? null : counted.reduce((sum, one) => sum + one, 0)
}

export type TodayFilter = TodayState | 'offline'

/** What the counters above the board count; each shows its lessons alone. */
export const TODAY_FILTERS: readonly TodayFilter[] = ['late', 'offline', 'live', 'due', 'not_started', 'ended', 'cancelled']

export function countOf(counts: TodayCounts, filter: TodayFilter): number {
  return filter === 'offline' ? counts.rooms_offline : counts[filter]
}

export function fits(lesson: TodayLesson, filter: TodayFilter | null): boolean {
  if (filter === null) return true
  if (filter !== 'offline') return lesson.state === filter
  return lesson.state === 'live' && lesson.rooms.some(offline)
}

/** The lessons in their groups, each by time; groups without a lesson are left out. */
export function grouped(
  lessons: readonly TodayLesson[],
  filter: TodayFilter | null,
): readonly { readonly group: TodayGroup; readonly lessons: readonly TodayLesson[] }[] {
  const late = (one: TodayLesson) => (one.state === 'late' ? 0 : 1)
  const shown = lessons
    .filter((one) => fits(one, filter))
    .sort((a, b) => late(a) - late(b) || Date.parse(a.starts_at) - Date.parse(b.starts_at) || (a.lesson_id < b.lesson_id ? -1 : 1))
  return TODAY_GROUPS.map((group) => ({ group, lessons: shown.filter((one) => groupOf(one) === group) })).filter(
    (one) => one.lessons.length > 0,
  )
}

const MAX_PAGES = 10 // 500 lessons of one day; far more than a county holds
const WHOLE_EVERY = 4 // readings; the first page has what needs somebody

export interface BoardNow {
  /** The server's time of the first page. */
  readonly at: string
  readonly counts: TodayCounts
  readonly lessons: readonly TodayLesson[]
  /** The day has more lessons than the page shows. */
  readonly cut: boolean
}

/**
 * Reads the board again and again: its first page each time, the others less often. A lesson that left the first page
 * keeps what was known of it until the next whole reading.
 */
export class BoardReader {
  private known: ReadonlyMap<string, TodayLesson> = new Map()
  private day = ''
  private cut = false
  private turns = 0

  constructor(private readonly ask: (after: string | null) => Promise<TodayBoard>) {}

  /** @param whole reads every page, whatever was read before. */
  async read(whole = false): Promise<BoardNow> {
    const first = await this.ask(null)
    const partly = !whole && first.next !== null && first.day === this.day && this.turns % WHOLE_EVERY !== 0
    const found = new Map(partly ? this.known : [])
    for (const one of first.lessons) found.set(one.lesson_id, one)
    if (!partly) this.cut = (await this.follow(first.next, found)) !== null
    this.known = found
    this.day = first.day
    this.turns = partly ? this.turns + 1 : 1
    return { at: first.now, counts: first.counts, lessons: [...found.values()], cut: this.cut }
  }

  private async follow(after: string | null, found: Map<string, TodayLesson>): Promise<string | null> {
    let next = after
    for (let page = 1; next !== null && page < MAX_PAGES; page += 1) {
      const more = await this.ask(next)
      // The board moves while it is read: what the earlier page said is as new.
      for (const one of more.lessons) if (!found.has(one.lesson_id)) found.set(one.lesson_id, one)
      next = more.next
    }
    return next
  }
}
