/** The requests about what a county is made of: seven nouns that share their routes. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  ClassEntry,
  DirectoryExport,
  DirectoryImport,
  DirectoryNoun,
  EntryDisable,
  EntryDisabled,
  Job,
  NodeEntry,
  PairingEntry,
  RoomEntry,
  SchoolEntry,
  SubjectEntry,
  TeacherEntry,
} from '../base/wire'

/** The entry of each noun. */
export interface Entries {
  nodes: NodeEntry
  schools: SchoolEntry
  rooms: RoomEntry
  classes: ClassEntry
  subjects: SubjectEntry
  pairings: PairingEntry
  teachers: TeacherEntry
}

export interface EntryPage<E> {
  readonly entries: readonly E[]
  readonly total: number
  readonly next: string | null
}

/** What is asked of a list; the other keys are the noun's own filters. */
export interface Asked {
  readonly q?: string
  /** `true`, `false`, or empty for both. */
  readonly active?: string
  readonly limit?: number
  readonly after?: string | null
  readonly [filter: string]: string | number | null | undefined
}

/** Pages of 基础数据 show only what their reader may change; so they offer nothing that is refused. */
const OWN = { manageable: 'true' }

export class DirectoryApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list<N extends DirectoryNoun>(noun: N, asked: Asked): Promise<EntryPage<Entries[N]>> {
    return this.rest.call('GET', `${pathOf(noun)}${queryOf({ ...OWN, ...asked })}`)
  }

  one<N extends DirectoryNoun>(noun: N, entryId: string): Promise<Entries[N]> {
    return this.rest.call('GET', pathOf(noun, entryId))
  }

  create<N extends DirectoryNoun>(noun: N, body: object): Promise<Entries[N]> {
    return this.rest.call('POST', pathOf(noun), body)
  }

  change<N extends DirectoryNoun>(noun: N, entryId: string, body: object): Promise<Entries[N]> {
    return this.rest.call('PUT', pathOf(noun, entryId), body)
  }

  /** Disables an entry. Without `confirmed`, one that lessons ahead need stays, and the lessons are told. */
  disable(noun: DirectoryNoun, entryId: string, body: EntryDisable): Promise<EntryDisabled> {
    return this.rest.call('POST', `${pathOf(noun, entryId)}/disable`, body)
  }

  enable<N extends DirectoryNoun>(noun: N, entryId: string, version: number): Promise<Entries[N]> {
    return this.rest.call('POST', `${pathOf(noun, entryId)}/enable`, { version })
  }

  startImport(body: DirectoryImport): Promise<Job> {
    return this.rest.call('POST', '/api/directory/imports', body)
  }

  startExport(body: DirectoryExport): Promise<Job> {
    return this.rest.call('POST', '/api/directory/exports', body)
  }
}

function pathOf(noun: DirectoryNoun, entryId?: string): string {
  return `/api/directory/${noun}${entryId === undefined ? '' : `/${encodeURIComponent(entryId)}`}`
}
