/** The requests about lessons of 资源推送. */
import { queryOf, type RestClient } from '../base/rest'
import type { ChooseResources, LessonResources, LibraryDetail, LibraryList, PlayClaim, PlaysKept, TroubledLessons } from '../base/wire'

export class PushedApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(lessonId: string): Promise<LessonResources> {
    return this.rest.call('GET', `/api/lessons/${encodeURIComponent(lessonId)}/resources`)
  }

  choose(lessonId: string, body: ChooseResources): Promise<LessonResources> {
    return this.rest.call('PUT', `/api/lessons/${encodeURIComponent(lessonId)}/resources`, body)
  }

  report(lessonId: string, plays: readonly PlayClaim[]): Promise<PlaysKept> {
    return this.rest.call('POST', `/api/lessons/${encodeURIComponent(lessonId)}/plays`, { plays })
  }

  troubles(): Promise<TroubledLessons> {
    return this.rest.call('GET', '/api/resource-pushes/troubles')
  }

  /** Published resources by words, pinyin or initials; the newest without. */
  search(q: string): Promise<LibraryList> {
    return this.rest.call('GET', `/api/library${queryOf({ q: q === '' ? null : q, limit: '8' })}`)
  }

  /** What of a resource can be played, as the room may see it. */
  detail(resourceId: string): Promise<LibraryDetail> {
    return this.rest.call('GET', `/api/library/${encodeURIComponent(resourceId)}`)
  }
}
