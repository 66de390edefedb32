/**
 * What this kiosk played, until the server has it. It is kept in the browser: a power cut or an outage loses
 * nothing. It may be sent again and again: the server takes the greatest number.
 */
import { iso } from '../base/county_time'
import { ApiError } from '../base/rest'
import type { PlayClaim } from '../base/wire'
import { spansOf, Watched } from './watched'

const MAX_LESSONS = 60 // a fortnight of four lessons a day; the oldest goes

export interface PlayedLesson {
  readonly lessonId: string
  /** Server time in milliseconds at which it was watched last. */
  atMs: number
  resources: Record<string, { spans: readonly (readonly [number, number])[]; sentS: number; atMs: number }>
}

export interface OutboxMemory {
  get(): string | null
  set(text: string | null): void
}

export class PlayOutbox {
  private lessons: PlayedLesson[]

  constructor(
    private readonly memory: OutboxMemory,
    private readonly send: (lessonId: string, plays: readonly PlayClaim[]) => Promise<unknown>,
  ) {
    this.lessons = read(memory.get())
  }

  /** What was watched of a resource in a lesson so far, to go on with. */
  watched(lessonId: string, resourceId: string): Watched {
    return new Watched(this.find(lessonId)?.resources[resourceId]?.spans ?? [])
  }

  /** Seconds that were watched of a resource in a lesson. */
  seconds(lessonId: string, resourceId: string): number {
    return this.watched(lessonId, resourceId).seconds
  }

  /** Writes down what was watched by now. */
  keep(lessonId: string, resourceId: string, watched: Watched, nowMs: number): void {
    const lesson = this.find(lessonId) ?? this.begin(lessonId, nowMs)
    const before = lesson.resources[resourceId]
    lesson.atMs = nowMs
    lesson.resources[resourceId] = { spans: watched.kept, sentS: before?.sentS ?? 0, atMs: nowMs }
    this.write()
  }

  get waiting(): boolean {
    return this.lessons.some((one) => claimsOf(one).length > 0)
  }

  /** Sends what the server has not got. Rejects when it cannot be reached; then nothing is lost. */
  async flush(): Promise<void> {
    for (const lesson of [...this.lessons]) {
      const claims = claimsOf(lesson)
      if (claims.length > 0) await this.sendOne(lesson, claims)
    }
  }

  private async sendOne(lesson: PlayedLesson, claims: readonly PlayClaim[]): Promise<void> {
    try {
      await this.send(lesson.lessonId, claims)
    } catch (failure) {
      // What the server refuses for good is not sent again; an outage or a lost login is waited for.
      if (!(failure instanceof ApiError) || !REFUSALS.includes(failure.status)) throw failure
    }
    for (const claim of claims) {
      const one = lesson.resources[claim.resource_id]
      if (one !== undefined) one.sentS = claim.watched_s
    }
    this.write()
  }

  private find(lessonId: string): PlayedLesson | undefined {
    return this.lessons.find((one) => one.lessonId === lessonId)
  }

  private begin(lessonId: string, nowMs: number): PlayedLesson {
    const lesson = { lessonId, atMs: nowMs, resources: {} }
    this.lessons = [...this.lessons, lesson].slice(-MAX_LESSONS)
    return lesson
  }

  private write(): void {
    this.memory.set(JSON.stringify(this.lessons))
  }
}

const REFUSALS = [403, 404, 409, 422]

function claimsOf(lesson: PlayedLesson): PlayClaim[] {
  return Object.entries(lesson.resources)
    .map(([resource_id, one]) => ({
      resource_id,
      watched_s: Math.round(new Watched(one.spans).seconds * 10) / 10,
      at: iso(one.atMs),
      sentS: one.sentS,
    }))
    .filter((one) => one.watched_s > one.sentS)
    .map(({ resource_id, watched_s, at }) => ({ resource_id, watched_s, at }))
}

function read(text: string | null): PlayedLesson[] {
  if (text === null) return []
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? found.flatMap(lessonOf).slice(-MAX_LESSONS) : []
  } catch {
    return [] // not ours, or cut off
  }
}

function lessonOf(value: unknown): PlayedLesson[] {
  const one = value as Partial<PlayedLesson> | null
  if (typeof one?.lessonId !== 'string' || typeof one.atMs !== 'number' || typeof one.resources !== 'object') return []
  const resources: PlayedLesson['resources'] = {}
  for (const [id, play] of Object.entries(one.resources)) {
    const atMs = Number(play.atMs)
    resources[id] = { spans: spansOf(play.spans), sentS: Number(play.sentS) || 0, atMs: Number.isFinite(atMs) ? atMs : one.atMs }
  }
  return [{ lessonId: one.lessonId, atMs: one.atMs, resources }]
}
