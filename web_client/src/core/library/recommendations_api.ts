/** The requests of 推荐上级, for both levels. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  Chain,
  ReferenceBatch,
  ReferenceBatchResult,
  ReferenceDetail,
  ReferenceForward,
  ReferencePass,
  ReferencePublish,
  ReferenceQueue,
  ReferenceRecall,
  ReferenceReject,
  ReferenceWithdraw,
  ResourceRecommend,
  ReviewerList,
} from '../base/wire'

const PATIENCE_MS = 30_000 // a batch of a hundred takes longer than other requests

export const RECOMMENDED_VIEWS = ['waiting', 'published', 'withdrawn'] as const
export type RecommendedView = (typeof RECOMMENDED_VIEWS)[number]

const ofResource = (id: string): string => `/api/resources/${encodeURIComponent(id)}/recommendations`
const pathOf = (id: string, rest = ''): string => `/api/recommendations/${encodeURIComponent(id)}${rest}`

export class RecommendationsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  chain(resourceId: string): Promise<Chain> {
    return this.rest.call('GET', ofResource(resourceId))
  }

  recommend(resourceId: string, body: ResourceRecommend): Promise<Chain> {
    return this.rest.call('POST', ofResource(resourceId), body)
  }

  list(state: RecommendedView, before: string | null): Promise<ReferenceQueue> {
    return this.rest.call('GET', `/api/recommendations${queryOf({ state, before })}`)
  }

  one(id: string): Promise<ReferenceDetail> {
    return this.rest.call('GET', pathOf(id))
  }

  pass(id: string, body: ReferencePass): Promise<ReferenceDetail> {
    return this.rest.call('POST', pathOf(id, '/pass'), body)
  }

  reject(id: string, body: ReferenceReject): Promise<ReferenceDetail> {
    return this.rest.call('POST', pathOf(id, '/reject'), body)
  }

  reviewers(id: string): Promise<ReviewerList> {
    return this.rest.call('GET', pathOf(id, '/reviewers'))
  }

  forward(id: string, body: ReferenceForward): Promise<ReferenceDetail> {
    return this.rest.call('POST', pathOf(id, '/forward'), body)
  }

  /** One verdict on many, each for itself. */
  batch(body: ReferenceBatch): Promise<ReferenceBatchResult> {
    return this.rest.call('POST', '/api/recommendations/batch', body, PATIENCE_MS)
  }

  recall(id: string, body: ReferenceRecall): Promise<ReferenceDetail> {
    return this.rest.call('POST', pathOf(id, '/recall'), body)
  }

  /** Publishes at the node, or changes for whom it is shown there. */
  publish(id: string, body: ReferencePublish): Promise<ReferenceDetail> {
    return this.rest.call('PUT', pathOf(id, '/publication'), body)
  }

  withdraw(id: string, body: ReferenceWithdraw): Promise<ReferenceDetail> {
    return this.rest.call('POST', pathOf(id, '/withdraw'), body)
  }
}
