/** What a planner chooses from: teachers, schools, rooms, classes, subjects, found by name. */
import { queryOf, type RestClient } from '../base/rest'
import type { ListKind } from '../base/wire'

/** Something to choose, with what tells it from another of the same name. */
export interface Choice {
  readonly id: string
  readonly name: string
  readonly hint: string
  /** The school of a room or class; empty for what belongs to none. */
  readonly schoolId: string
}

interface Entry {
  readonly name: string
  readonly person_id?: string
  readonly school_id?: string
  readonly room_id?: string
  readonly class_id?: string
  readonly subject_id?: string
  readonly school?: string | { readonly name: string } | null
  readonly grade?: string
}

interface Page {
  readonly entries: readonly Entry[]
  readonly next: string | null
}

const LIMIT = 50 // choices of one answer; more are found by name

const LISTS: Readonly<Record<ListKind, { readonly path: string; readonly id: keyof Entry }>> = {
  teacher: { path: 'teachers', id: 'person_id' },
  school: { path: 'schools', id: 'school_id' },
  room: { path: 'rooms', id: 'room_id' },
  subject: { path: 'subjects', id: 'subject_id' },
  class: { path: 'classes', id: 'class_id' },
}

export class ChoicesApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  /** @param school narrows rooms, classes and teachers down to one school. */
  async find(kind: ListKind, county: string, q: string, school: string | null = null): Promise<Choice[]> {
    const { path, id } = LISTS[kind]
    return this.list(path, id, { county_id: county, school_id: school, q })
  }

  /** The name of one that is not in the list that was found. */
  async one(kind: ListKind, id: string): Promise<Choice> {
    const { path, id: field } = LISTS[kind]
    const entry = await this.rest.call<Entry>('GET', `/api/directory/${path}/${encodeURIComponent(id)}`)
    return choiceOf(entry, field)
  }

  private async list(path: string, id: keyof Entry, filter: Record<string, string | null>): Promise<Choice[]> {
    const query = queryOf({ ...filter, active: 'true', limit: LIMIT })
    const { entries } = await this.rest.call<Page>('GET', `/api/directory/${path}${query}`)
    return entries.map((entry) => choiceOf(entry, id))
  }
}

function choiceOf(entry: Entry, id: keyof Entry): Choice {
  const school = typeof entry.school === 'string' ? entry.school : (entry.school?.name ?? '')
  const hint = [school, entry.grade ?? ''].filter((part) => part !== '').join(' ')
  return { id: String(entry[id] ?? ''), name: entry.name, hint, schoolId: entry.school_id ?? '' }
}
