/** The requests about imports of timetables (导入课表). */
import { queryOf, type RestClient } from '../base/rest'
import type {
  ImportApply,
  ImportChange,
  ImportChanges,
  ImportClashes,
  ImportCreate,
  ImportFindings,
  ImportMatches,
  ImportQuestions,
  Job,
  TimetableImport,
  TimetableImportList,
  WorkbookWish,
} from '../base/wire'
import { pathOf } from './api'

/** The lists of an import, each in pages. */
export interface ImportParts {
  readonly findings: ImportFindings
  readonly questions: ImportQuestions
  readonly matches: ImportMatches
  readonly changes: ImportChanges
  readonly clashes: ImportClashes
}

export class ImportsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(county: string, after: string | null): Promise<TimetableImportList> {
    return this.rest.call('GET', pathOf('imports') + queryOf({ county, after }))
  }

  create(body: ImportCreate): Promise<TimetableImport> {
    return this.rest.call('POST', pathOf('imports'), body)
  }

  one(importId: string): Promise<TimetableImport> {
    return this.rest.call('GET', pathOf('imports', importId))
  }

  /** Answers and options; the file is read again with them. */
  change(importId: string, body: ImportChange): Promise<TimetableImport> {
    return this.rest.call('PUT', pathOf('imports', importId), body)
  }

  apply(importId: string, body: ImportApply): Promise<TimetableImport> {
    return this.rest.call('POST', pathOf('imports', importId, 'apply'), body)
  }

  part<P extends keyof ImportParts>(importId: string, part: P, after: string | null): Promise<ImportParts[P]> {
    return this.rest.call('GET', pathOf('imports', importId, part) + queryOf({ after }))
  }

  /** Has a job make the long table of a term, or without one the template of a county; its result is a `TimetableWorkbook`. */
  workbook(body: WorkbookWish): Promise<Job> {
    return this.rest.call('POST', pathOf('workbooks'), body)
  }
}
