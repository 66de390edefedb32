/** The requests about retention, legal holds and deletions. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  DeletionExportWish,
  DueDeletionList,
  Job,
  LegalHoldList,
  LegalHoldPlace,
  LegalHoldRelease,
  ResourceDelete,
  ResourceRetention,
  RetentionKind,
  RetentionRules,
  RetentionRuleSet,
  TombstoneList,
} from '../base/wire'

/** What the list of due deletions shall hold; empty: all. */
export interface DueQuestion {
  readonly kind: RetentionKind | ''
  readonly q: string
  /** Days. */
  readonly within: string
  readonly held: '' | 'true' | 'false'
}

const pathOf = (id: string, rest: string): string => `/api/resources/${encodeURIComponent(id)}${rest}`

export class RetentionApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  rules(): Promise<RetentionRules> {
    return this.rest.call('GET', '/api/retention-rules')
  }

  setRule(body: RetentionRuleSet): Promise<RetentionRules> {
    return this.rest.call('PUT', '/api/retention-rules', body)
  }

  due(question: DueQuestion, before: string | null): Promise<DueDeletionList> {
    return this.rest.call('GET', `/api/deletions/due${queryOf({ ...question, before })}`)
  }

  /** Of my own, what I am told of. */
  mine(): Promise<DueDeletionList> {
    return this.rest.call('GET', '/api/deletions/mine')
  }

  done(q: string, before: string | null): Promise<TombstoneList> {
    return this.rest.call('GET', `/api/deletions/done${queryOf({ q, before })}`)
  }

  exportBook(body: DeletionExportWish): Promise<Job> {
    return this.rest.call('POST', '/api/deletions/exports', body)
  }

  holds(all: boolean, before: string | null): Promise<LegalHoldList> {
    return this.rest.call('GET', `/api/legal-holds${queryOf({ all: all ? 'true' : '', before })}`)
  }

  of(id: string): Promise<ResourceRetention> {
    return this.rest.call('GET', pathOf(id, '/retention'))
  }

  hold(id: string, body: LegalHoldPlace): Promise<ResourceRetention> {
    return this.rest.call('POST', pathOf(id, '/legal-hold'), body)
  }

  release(id: string, body: LegalHoldRelease): Promise<ResourceRetention> {
    return this.rest.call('POST', pathOf(id, '/legal-hold/release'), body)
  }

  remove(id: string, body: ResourceDelete): Promise<void> {
    return this.rest.call('POST', pathOf(id, '/delete'), body)
  }
}
