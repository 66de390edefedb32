/** The requests about other libraries: sources of harvests, their records, and LOM packages. */
import { queryOf, type RestClient } from '../base/rest'
import type { FederatedRecord, FederatedRecordList, HarvestSource, HarvestSourceChange, HarvestSourceCreate, HarvestSourceList, Job, LomPackageRead, ShareScope } from '../base/wire'

export class ExchangeApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  sources(county: string): Promise<HarvestSourceList> {
    return this.rest.call('GET', `/api/harvest-sources${queryOf({ county_id: county })}`)
  }

  add(wish: HarvestSourceCreate): Promise<HarvestSource> {
    return this.rest.call('POST', '/api/harvest-sources', wish)
  }

  change(id: string, wish: HarvestSourceChange): Promise<HarvestSource> {
    return this.rest.call('PUT', `/api/harvest-sources/${encodeURIComponent(id)}`, wish)
  }

  async remove(id: string): Promise<void> {
    await this.rest.call<null>('DELETE', `/api/harvest-sources/${encodeURIComponent(id)}`)
  }

  harvestNow(id: string): Promise<HarvestSource> {
    return this.rest.call('POST', `/api/harvest-sources/${encodeURIComponent(id)}/harvest`)
  }

  records(q: string, before: string | null): Promise<FederatedRecordList> {
    return this.rest.call('GET', `/api/federated-records${queryOf({ q, before })}`)
  }

  readPackage(fileId: string): Promise<Job> {
    return this.rest.call('POST', '/api/lom-packages', { file_id: fileId })
  }
}

/** Records of one other library, in the order of its answer. */
export interface RecordGroup {
  readonly id: string
  readonly name: string
  readonly records: readonly FederatedRecord[]
}

/** Groups records by the library from which they come, in the order that its operators gave. */
export function groupsOf(records: readonly FederatedRecord[]): readonly RecordGroup[] {
  const groups = new Map<string, FederatedRecord[]>()
  for (const one of records) groups.set(one.source_id, [...(groups.get(one.source_id) ?? []), one])
  const place = (own: readonly FederatedRecord[]): number => own[0]?.source_place ?? 0
  return [...groups].sort(([, a], [, b]) => place(a) - place(b)).map(([id, own]) => ({ id, name: own[0]?.source_name ?? '', records: own }))
}

/** A link that may be followed: the Web only, whatever the other library wrote. */
export function linkOf(record: Pick<FederatedRecord, 'page_url'>): string | null {
  return /^https?:\/\//i.test(record.page_url) ? record.page_url : null
}

/** Sources with one moved by a step; their places are numbered anew from 0. */
export function reordered(sources: readonly HarvestSource[], id: string, by: -1 | 1): readonly HarvestSource[] {
  const from = sources.findIndex((one) => one.source_id === id)
  const to = from + by
  const one = sources[from]
  const other = sources[to]
  if (one === undefined || other === undefined) return sources
  const after = [...sources]
  after[from] = other
  after[to] = one
  return after.map((source, place) => ({ ...source, place }))
}

/** The LOM package of what is published to everybody; others have none. */
export function packagePath(resourceId: string, scope: ShareScope): string | null {
  return scope === 'public' ? `/oai/packages/${encodeURIComponent(resourceId)}` : null
}

/** The package that a job read; null: it failed or was cancelled. */
export function packageBy(job: Job): LomPackageRead | null {
  const result = job.result
  const is = job.state === 'done' && typeof result === 'object' && result !== null && 'linked' in result
  return is ? (result as unknown as LomPackageRead) : null
}
