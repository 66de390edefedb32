/** The requests of 已发布: what the reader's branches have published, and what was withdrawn there. */
import { queryOf, type RestClient } from '../base/rest'
import type { BatchResult, PublicationEntry, PublicationList, PublicationState, ResourceWithdraw, ReviewBatch, ShareScope } from '../base/wire'

export const PUBLICATION_STATES: readonly PublicationState[] = ['served', 'expired', 'withdrawn']
export const SCOPES: readonly ShareScope[] = ['private', 'school', 'county', 'signed_in', 'password', 'public']

const PATIENCE_MS = 30_000 // a batch of a hundred takes longer than other requests

export interface PublicationQuestion {
  readonly state: PublicationState
  readonly q: string
  readonly scope: ShareScope | ''
  readonly school: string
}

/** One withdrawal for many. What is withdrawn has no draft, so no revision is compared. */
export function withdrawalOf(chosen: readonly Pick<PublicationEntry, 'resource_id'>[], { reason, note }: ResourceWithdraw): ReviewBatch {
  return { verdict: 'withdraw', items: chosen.map((one) => ({ resource_id: one.resource_id, revision: 0 })), withdraw_reason: reason, reason: note ?? '' }
}

export class PublicationsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(question: PublicationQuestion, before: string | null): Promise<PublicationList> {
    const { state, q, scope, school } = question
    return this.rest.call('GET', `/api/publications${queryOf({ state, q: q || null, scope: scope || null, school: school || null, before })}`)
  }

  withdraw(chosen: readonly PublicationEntry[], body: ResourceWithdraw): Promise<BatchResult> {
    return this.rest.call('POST', '/api/reviews/batch', withdrawalOf(chosen, body), PATIENCE_MS)
  }
}
