/** The requests about the textbook catalogue. */
import { queryOf, type RestClient } from '../base/rest'
import type { CatalogueChoices, CatalogueImport, CatalogueImported, CatalogueSummary, Job, ResourceMetadata } from '../base/wire'

/** What was chosen above; empty where nothing was. */
export type BookChoice = Pick<ResourceMetadata, 'stage' | 'subject' | 'edition' | 'grade' | 'volume'>

export class CatalogueApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  choices({ stage, subject, edition, grade, volume }: BookChoice, q = ''): Promise<CatalogueChoices> {
    return this.rest.call('GET', `/api/catalogue/choices${queryOf({ stage, subject, edition, grade, volume, q })}`)
  }

  summary(county: string): Promise<CatalogueSummary> {
    return this.rest.call('GET', `/api/counties/${encodeURIComponent(county)}/catalogue`)
  }

  startImport(wish: CatalogueImport): Promise<Job> {
    return this.rest.call('POST', '/api/catalogue/imports', wish)
  }
}

/** How an import stands: the file is not read, nothing is to be done, ready, or done. */
export type CatalogueStand = 'refused' | 'nothing' | 'ready' | 'applied'

export function catalogueStand(outcome: CatalogueImported): CatalogueStand {
  if (outcome.fault !== null || outcome.refused !== null) return 'refused'
  if (outcome.new + outcome.moved + outcome.gone === 0) return 'nothing'
  return outcome.applied ? 'applied' : 'ready'
}

/** The outcome of an import that ended; null: it failed or was cancelled. */
export function catalogueImportedBy(job: Job): CatalogueImported | null {
  const result = job.result
  const is = job.state === 'done' && typeof result === 'object' && result !== null && 'in_use' in result
  return is ? (result as unknown as CatalogueImported) : null
}

const MOST_SHOWN = 60

/** Names that fit what was typed: all where nothing was, or where it is one of them already. */
export function suggestions(names: readonly string[], typed: string): readonly string[] {
  const words = typed.trim().toLowerCase()
  const all = words === '' || names.some((one) => one.toLowerCase() === words)
  return (all ? names : names.filter((one) => one.toLowerCase().includes(words))).slice(0, MOST_SHOWN)
}
