/** The requests about series (专题). Reading works without a login, too. */
import { queryOf, type RestClient } from '../base/rest'
import type { SeriesChange, SeriesCreate, SeriesDetail, SeriesList, SeriesOrder } from '../base/wire'

const pathOf = (id: string, rest = ''): string => `/api/series/${encodeURIComponent(id)}${rest}`

export class SeriesApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(before: string | null): Promise<SeriesList> {
    return this.rest.call('GET', `/api/series${queryOf({ before })}`)
  }

  /** Those that the reader may edit. */
  mine(before: string | null): Promise<SeriesList> {
    return this.rest.call('GET', `/api/series${queryOf({ whose: 'mine', limit: 100, before })}`)
  }

  one(id: string): Promise<SeriesDetail> {
    return this.rest.call('GET', pathOf(id))
  }

  create(body: SeriesCreate): Promise<SeriesDetail> {
    return this.rest.call('POST', '/api/series', body)
  }

  change(id: string, body: SeriesChange): Promise<SeriesDetail> {
    return this.rest.call('PUT', pathOf(id), body)
  }

  add(id: string, resourceId: string): Promise<SeriesDetail> {
    return this.rest.call('POST', pathOf(id, '/entries'), { resource_id: resourceId })
  }

  order(id: string, body: SeriesOrder): Promise<SeriesDetail> {
    return this.rest.call('PUT', pathOf(id, '/entries'), body)
  }

  remove(id: string, version: number): Promise<null> {
    return this.rest.call('DELETE', `${pathOf(id)}${queryOf({ version })}`)
  }
}
