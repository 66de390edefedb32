/** The requests about proposals (自动排课). */
import { queryOf, type RestClient } from '../base/rest'
import type { ProposalDetail, ProposalList, ProposalSummary, ProposalWish } from '../base/wire'
import { pathOf } from './api'

export class ProposalsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(county: string, after: string | null): Promise<ProposalList> {
    return this.rest.call('GET', pathOf('proposals') + queryOf({ county, after }))
  }

  start(body: ProposalWish): Promise<ProposalSummary> {
    return this.rest.call('POST', pathOf('proposals'), body)
  }

  one(proposalId: string): Promise<ProposalDetail> {
    return this.rest.call('GET', pathOf('proposals', proposalId))
  }

  accept(proposalId: string, version: number): Promise<ProposalSummary> {
    return this.rest.call('POST', pathOf('proposals', proposalId, 'accept'), { version })
  }

  discard(proposalId: string, version: number): Promise<ProposalSummary> {
    return this.rest.call('POST', pathOf('proposals', proposalId, 'discard'), { version })
  }
}
