/** The requests about what is published. They work without a login, too. */
import { queryOf, type RestClient } from '../base/rest'
import type { LibraryDetail, LibraryFacets, LibraryList, LibraryTree } from '../base/wire'
import type { LibraryQuestion } from './library_question'

export class PublishedApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(question: LibraryQuestion, before: string | null): Promise<LibraryList> {
    return this.rest.call('GET', `/api/library${queryOf({ ...question, before })}`)
  }

  /** Counts of what the facets leave; words do not count. */
  facets(question: LibraryQuestion): Promise<LibraryFacets> {
    return this.rest.call('GET', `/api/library/facets${queryOf({ ...question, q: null })}`)
  }

  /** The next level of the textbook tree, below a node. */
  tree(question: Partial<LibraryQuestion>): Promise<LibraryTree> {
    return this.rest.call('GET', `/api/library/tree${queryOf({ ...question })}`)
  }

  one(id: string): Promise<LibraryDetail> {
    return this.rest.call('GET', `/api/library/${encodeURIComponent(id)}`)
  }

  /** Opens a resource with its password; the ticket is a cookie. */
  async unlock(id: string, password: string): Promise<LibraryDetail> {
    await this.rest.call<null>('POST', `/api/library/${encodeURIComponent(id)}/unlock`, { password })
    return this.one(id)
  }
}
