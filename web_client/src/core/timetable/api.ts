/** The requests of the timetable, typed. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  CheckResult,
  LessonDetail,
  LessonMakeUp,
  LessonMove,
  LessonsChanged,
  LessonStop,
  LessonSubstitute,
  MyDays,
  Plan,
  PlanChange,
  PlanEnd,
  PlanOutcome,
  PlanWish,
  TimetableCheck,
  TimetableNews,
  WeekPage,
} from '../base/wire'
import type { WeekPlace } from './week_place'

const ROOT = '/api/timetable'
const WRITE_MS = 20_000 // a plan of a whole term is one request
const NEWS_MS = 35_000 // the server answers a question for news within 25 s

/** A path of segments, each escaped. */
export function pathOf(...segments: readonly (string | number)[]): string {
  return [ROOT, ...segments.map((one) => encodeURIComponent(String(one)))].join('/')
}

export class TimetableApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  week({ term, week, by, id }: WeekPlace): Promise<WeekPage> {
    return this.rest.call('GET', `${ROOT}/weeks${queryOf({ term, week, by, id })}`)
  }

  /** The days from a date on. */
  my(from: string, days: number): Promise<MyDays> {
    return this.rest.call('GET', `${ROOT}/my${queryOf({ from, days })}`)
  }

  /** Waits on the server until something changed, or for some seconds. */
  news(since: string): Promise<TimetableNews> {
    return this.rest.call('GET', `${ROOT}/changes${queryOf({ since })}`, undefined, NEWS_MS)
  }

  check(body: TimetableCheck): Promise<CheckResult> {
    return this.rest.call('POST', `${ROOT}/check`, body, WRITE_MS)
  }

  lesson(lessonId: string): Promise<LessonDetail> {
    return this.rest.call('GET', pathOf('lessons', lessonId))
  }

  move(lessonId: string, body: LessonMove): Promise<LessonsChanged> {
    return this.rest.call('POST', pathOf('lessons', lessonId, 'move'), body, WRITE_MS)
  }

  substitute(lessonId: string, body: LessonSubstitute): Promise<LessonsChanged> {
    return this.rest.call('POST', pathOf('lessons', lessonId, 'substitute'), body, WRITE_MS)
  }

  stop(lessonId: string, body: LessonStop): Promise<LessonsChanged> {
    return this.rest.call('POST', pathOf('lessons', lessonId, 'cancel'), body, WRITE_MS)
  }

  makeUp(lessonId: string, body: LessonMakeUp): Promise<LessonsChanged> {
    return this.rest.call('POST', pathOf('lessons', lessonId, 'make-up'), body, WRITE_MS)
  }

  plan(planId: string): Promise<Plan> {
    return this.rest.call('GET', pathOf('plans', planId))
  }

  createPlan(body: PlanWish): Promise<PlanOutcome> {
    return this.rest.call('POST', `${ROOT}/plans`, body, WRITE_MS)
  }

  changePlan(planId: string, body: PlanChange): Promise<PlanOutcome> {
    return this.rest.call('PUT', pathOf('plans', planId), body, WRITE_MS)
  }

  endPlan(planId: string, body: PlanEnd): Promise<PlanOutcome> {
    return this.rest.call('POST', pathOf('plans', planId, 'end'), body, WRITE_MS)
  }
}
