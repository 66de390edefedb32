/** The requests about 授权同意. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  Consent,
  ConsentChange,
  ConsentEffect,
  ConsentExportWish,
  ConsentOfClass,
  ConsentPage,
  ConsentRecord,
  ConsentState,
  ConsentWithdraw,
  Job,
} from '../base/wire'

export interface ConsentQuestion {
  readonly term: string
  readonly state?: ConsentState | ''
  readonly q?: string
}

export class ConsentApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(question: ConsentQuestion, after: string | null): Promise<ConsentPage> {
    return this.rest.call('GET', `/api/consents${queryOf({ ...question, after })}`)
  }

  ofClass(classId: string, term: string): Promise<ConsentOfClass> {
    return this.rest.call('GET', `/api/consents/classes/${encodeURIComponent(classId)}${queryOf({ term })}`)
  }

  record(body: ConsentRecord): Promise<Consent> {
    return this.rest.call('POST', '/api/consents', body)
  }

  change(consentId: string, body: ConsentChange): Promise<Consent> {
    return this.rest.call('PUT', pathOf(consentId), body)
  }

  effect(consentId: string): Promise<ConsentEffect> {
    return this.rest.call('GET', `${pathOf(consentId)}/effect`)
  }

  withdraw(consentId: string, body: ConsentWithdraw): Promise<Consent> {
    return this.rest.call('POST', `${pathOf(consentId)}/withdraw`, body)
  }

  exportBook(body: ConsentExportWish): Promise<Job> {
    return this.rest.call('POST', '/api/consents/exports', body)
  }
}

/** The address of a scanned page, to be saved. */
export const pageUrl = (base: string, consentId: string, fileId: string): string =>
  `${base}${pathOf(consentId)}/files/${encodeURIComponent(fileId)}`

const pathOf = (consentId: string): string => `/api/consents/${encodeURIComponent(consentId)}`
