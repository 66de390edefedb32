/** The requests about resources at work: mine, drafts, reviews, publishing. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  AttachmentAdd,
  BatchResult,
  DraftSave,
  PublicationSet,
  ResourceDetail,
  ResourceList,
  ResourcePublish,
  ResourceSubmit,
  ResourceWithdraw,
  ReviewBatch,
  ReviewerList,
  ReviewForward,
  ReviewPass,
  ReviewPolicies,
  ReviewPolicySet,
  ReviewQueue,
  ReviewReject,
  UploadResource,
} from '../base/wire'

export const QUEUE_STATES = ['in_review', 'passed'] as const
export type QueueState = (typeof QUEUE_STATES)[number]

const PATIENCE_MS = 30_000 // a batch of a hundred takes longer than other requests

const pathOf = (id: string, rest = ''): string => `/api/resources/${encodeURIComponent(id)}${rest}`

export class ResourcesApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  mine(before: string | null): Promise<ResourceList> {
    return this.rest.call('GET', `/api/resources/mine${queryOf({ before })}`)
  }

  one(id: string): Promise<ResourceDetail> {
    return this.rest.call('GET', pathOf(id))
  }

  /** A draft of a video that was uploaded and taken. */
  ofUpload(body: UploadResource): Promise<ResourceDetail> {
    return this.rest.call('POST', '/api/resources/uploads', body)
  }

  /** Has the video of an upload prepared once more. */
  keepAgain(id: string): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/upload'))
  }

  attach(id: string, body: AttachmentAdd): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/attachments'), body)
  }

  detach(id: string, fileId: string): Promise<ResourceDetail> {
    return this.rest.call('DELETE', pathOf(id, `/attachments/${encodeURIComponent(fileId)}`))
  }

  /** A new working version, made of the one that is published. */
  newVersion(id: string): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/versions'))
  }

  save(id: string, body: DraftSave): Promise<ResourceDetail> {
    return this.rest.call('PUT', pathOf(id, '/draft'), body)
  }

  submit(id: string, body: ResourceSubmit): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/submit'), body)
  }

  recall(id: string): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/recall'))
  }

  publish(id: string, body: ResourcePublish): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/publish'), body)
  }

  setPublication(id: string, body: PublicationSet): Promise<ResourceDetail> {
    return this.rest.call('PUT', pathOf(id, '/publication'), body)
  }

  /** Has the edition of what is published made again. */
  orderEdition(id: string): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/edition'))
  }

  withdraw(id: string, body: ResourceWithdraw): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/withdraw'), body)
  }
}

export class ReviewsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  /** What waits for a verdict, or for its publication. */
  queue(state: QueueState, before: string | null): Promise<ReviewQueue> {
    return this.rest.call('GET', `/api/reviews${queryOf({ state, before })}`)
  }

  reviewers(id: string): Promise<ReviewerList> {
    return this.rest.call('GET', pathOf(id, '/reviewers'))
  }

  pass(id: string, body: ReviewPass): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/pass'), body)
  }

  reject(id: string, body: ReviewReject): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/reject'), body)
  }

  forward(id: string, body: ReviewForward): Promise<ResourceDetail> {
    return this.rest.call('POST', pathOf(id, '/forward'), body)
  }

  batch(body: ReviewBatch): Promise<BatchResult> {
    return this.rest.call('POST', '/api/reviews/batch', body, PATIENCE_MS)
  }

  policies(): Promise<ReviewPolicies> {
    return this.rest.call('GET', '/api/review-policies')
  }

  setPolicy(body: ReviewPolicySet): Promise<ReviewPolicies> {
    return this.rest.call('PUT', '/api/review-policies', body)
  }
}
