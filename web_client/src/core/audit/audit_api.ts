/** The API of the audit log. */
import { queryOf, type RestClient } from '../base/rest'
import type { AuditPage, Job, WorkbookLanguage } from '../base/wire'

export interface AuditQuestion {
  readonly from: string
  readonly to: string
  readonly actor: string
  readonly action: string
  readonly target: string
}

export class AuditApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  page(question: AuditQuestion, after: string | null, limit?: number): Promise<AuditPage> {
    return this.rest.call('GET', `/api/audit${queryOf({ ...question, after, limit })}`)
  }

  /** Has a job make a workbook of all lines of a question; its result is an `AuditExported`. */
  exported(question: AuditQuestion, language: WorkbookLanguage): Promise<Job> {
    const { from, to, ...rest } = question
    return this.rest.call('POST', '/api/audit/exports', { first: from, last: to, language, ...rest })
  }
}
