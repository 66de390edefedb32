/** The requests about captions. */
import { queryOf, type RestClient } from '../base/rest'
import type { CaptionPolicies, CaptionPolicy, CaptionPolicySet, CaptionSave, CaptionTrack } from '../base/wire'

const pathOf = (id: string, rest: string): string => `/api/resources/${encodeURIComponent(id)}${rest}`

export class CaptionsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  track(id: string, version: number): Promise<CaptionTrack> {
    return this.rest.call('GET', pathOf(id, `/versions/${version}/captions`))
  }

  save(id: string, body: CaptionSave): Promise<CaptionTrack> {
    return this.rest.call('PUT', pathOf(id, '/captions'), body)
  }

  /** 生成字幕. */
  order(id: string, revision: number): Promise<CaptionTrack> {
    return this.rest.call('POST', pathOf(id, '/captions'), { revision })
  }

  policies(before: string | null): Promise<CaptionPolicies> {
    return this.rest.call('GET', `/api/caption-policies${queryOf({ before })}`)
  }

  /** The policy of one place with all its words; an empty one where it has none. */
  policy(nodeId: string): Promise<CaptionPolicy> {
    return this.rest.call('GET', `/api/caption-policies/${encodeURIComponent(nodeId)}`)
  }

  setPolicy(body: CaptionPolicySet): Promise<CaptionPolicies> {
    return this.rest.call('PUT', '/api/caption-policies', body)
  }
}
