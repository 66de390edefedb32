/** The requests about retention, legal holds and deletions. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  DeletionExportWish,
  DueDeletionList,
  FoundResourceList,
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
  /** An org node: its branch only. */
  readonly node: string
}

/** The order of a workbook with just what the list shows. */
export function bookOf({ kind, q, within, held, node }: DueQuestion, language: DeletionExportWish['language']): DeletionExportWish {
  return {
    language,
    kind: kind === '' ? null : kind,
    node_id: node === '' ? null : node,
    q,
    within: within === '' ? null : Number(within),
    held: held === '' ? null : held === 'true',
  }
}

/** The reason why the reader cannot delete a resource now; null where it can be done. */
export type RemovalBar = 'held' | 'published' | 'under_review' | 'not_yours'

export function removalBar(facts: Pick<ResourceRetention, 'hold' | 'kept_because' | 'may_delete'>): RemovalBar | null {
  if (facts.kept_because === 'published' || facts.kept_because === 'under_review') return facts.kept_because
  if (!facts.may_delete) return 'not_yours'
  return facts.hold === null ? null : 'held'
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

  /** Resources of my branches by their title. */
  find(q: string): Promise<FoundResourceList> {
    return this.rest.call('GET', `/api/deletions/resources${queryOf({ q })}`)
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
