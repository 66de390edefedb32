/** The requests about 导出 MP4: one film of a version. */
import type { RestClient } from '../base/rest'
import type { FilmStatus } from '../base/wire'

const pathOf = (id: string, version: number): string => `/api/resources/${encodeURIComponent(id)}/versions/${version}/film`

export class FilmsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  status(id: string, version: number): Promise<FilmStatus> {
    return this.rest.call('GET', pathOf(id, version))
  }

  order(id: string, version: number): Promise<FilmStatus> {
    return this.rest.call('POST', pathOf(id, version))
  }

  /** Cancels it, or deletes the file before its time. */
  remove(id: string, version: number): Promise<FilmStatus> {
    return this.rest.call('DELETE', pathOf(id, version))
  }
}

/** Whether the server is still at it. */
export function isComing(film: FilmStatus): boolean {
  return film.state === 'waiting' || film.state === 'making'
}
