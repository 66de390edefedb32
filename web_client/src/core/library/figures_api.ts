/** The requests about nominations, their coverage, and use. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  Coverage,
  FiguresExportWish,
  Job,
  NominationMake,
  NominationRevoke,
  Nominations,
  SchoolTeachers,
  UseGrouping,
  UseReport,
  UseTable,
} from '../base/wire'

const ofResource = (id: string, rest = ''): string => `/api/resources/${encodeURIComponent(id)}/nominations${rest}`

export interface UseQuestion {
  readonly first: string
  readonly last: string
  readonly by: UseGrouping
  readonly school?: string | null
  readonly teacher?: string | null
}

export class FiguresApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  nominations(id: string): Promise<Nominations> {
    return this.rest.call('GET', ofResource(id))
  }

  nominate(id: string, body: NominationMake): Promise<Nominations> {
    return this.rest.call('POST', ofResource(id), body)
  }

  revoke(id: string, body: NominationRevoke): Promise<Nominations> {
    return this.rest.call('POST', ofResource(id, '/revoke'), body)
  }

  coverage(year: number | null): Promise<Coverage> {
    return this.rest.call('GET', `/api/coverage${queryOf({ year })}`)
  }

  teachers(schoolId: string, year: number): Promise<SchoolTeachers> {
    return this.rest.call('GET', `/api/coverage/schools/${encodeURIComponent(schoolId)}${queryOf({ year })}`)
  }

  use(question: UseQuestion): Promise<UseTable> {
    return this.rest.call('GET', `/api/resource-uses${queryOf({ ...question })}`)
  }

  workbook(body: FiguresExportWish): Promise<Job> {
    return this.rest.call('POST', '/api/resource-figures/exports', body)
  }

  /** Counts what a player shows; nobody is named. */
  tell(id: string, body: UseReport): Promise<null> {
    return this.rest.call('POST', `/api/library/${encodeURIComponent(id)}/uses`, body)
  }
}
