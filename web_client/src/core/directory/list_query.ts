/** What a list shows, as the address of its page says it: links lead to a filtered list, and 返回 finds it again. */

export interface ListQuery {
  readonly q: string
  /** `true`: in use; `false`: not in use; empty: all. */
  readonly active: '' | 'true' | 'false'
  readonly filters: Readonly<Record<string, string>>
}

const STATES: Readonly<Record<string, ListQuery['active']>> = { all: '', off: 'false' }

/** @param names the filters that the list has; the address may say other things. */
export function readQuery(query: Readonly<Record<string, unknown>>, names: readonly string[]): ListQuery {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const filters = names.map((name) => [name, text(name)] as const).filter(([, value]) => value !== '')
  return { q: text('q'), active: STATES[text('state')] ?? 'true', filters: Object.fromEntries(filters) }
}

export function writeQuery({ q, active, filters }: ListQuery): Record<string, string> {
  const state = Object.keys(STATES).find((name) => STATES[name] === active)
  const set = Object.entries(filters).filter(([, value]) => value !== '')
  return { ...(q.trim() !== '' && { q: q.trim() }), ...(state !== undefined && { state }), ...Object.fromEntries(set) }
}

/** Whether anything but the usual is asked for. */
export function isNarrowed({ q, active, filters }: ListQuery): boolean {
  return q.trim() !== '' || active === 'false' || Object.values(filters).some((value) => value !== '')
}

export function sameQuery(one: ListQuery, other: ListQuery): boolean {
  const plain = (query: ListQuery) => JSON.stringify(Object.entries(writeQuery(query)).sort())
  return plain(one) === plain(other)
}
