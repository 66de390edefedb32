/** A list of the directory: what is asked, the page that is shown, and leafing. */
import { computed, onScopeDispose, ref, shallowRef, type ShallowRef } from 'vue'
import type { DirectoryNoun } from '../../core/base/wire'
import type { Entries, EntryPage } from '../../core/directory/directory_api'
import { back, FIRST, forward, placeOf, rangeOf, type Leaves } from '../../core/directory/leaves'
import { isNarrowed, readQuery, sameQuery, type ListQuery } from '../../core/directory/list_query'
import { memory } from '../base/memory'
import { directoryApi } from './api'

const REST_MS = 300 // after the last key
const SIZE = 'directory.size'
const SIZES: readonly number[] = [50, 100, 200]

/**
 * @param key the id of an entry.
 * @param changed hears of each new question, for the address of the page.
 */
export function useEntryList<N extends DirectoryNoun>(
  noun: N,
  key: (entry: Entries[N]) => string,
  first: ListQuery,
  changed: (query: ListQuery) => void,
) {
  type E = Entries[N]
  const query = shallowRef<ListQuery>(first)
  const remembered = Number(memory.get(SIZE))
  const size = ref(SIZES.includes(remembered) ? remembered : 50)
  const leaves = shallowRef<Leaves>(FIRST)
  const page = shallowRef(null) as ShallowRef<EntryPage<E> | null>
  const failure = shallowRef<unknown>(null)
  const busy = ref(false)
  let turn = 0
  let timer: number | undefined
  /** What the address says because of us. It comes late, when somebody may have typed more. */
  let written = first

  async function read(to: Leaves): Promise<void> {
    window.clearTimeout(timer)
    const mine = ++turn
    busy.value = true
    failure.value = null
    const { q, active, filters } = query.value
    try {
      const read = await directoryApi.list(noun, { q: q.trim(), active, ...filters, limit: size.value, after: placeOf(to) })
      if (mine !== turn) return // a later question was asked meanwhile
      page.value = read
      leaves.value = to
    } catch (fault) {
      if (mine === turn) failure.value = fault
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  function ask(next: ListQuery, soon = false): void {
    query.value = next
    window.clearTimeout(timer)
    const now = (): void => {
      written = query.value
      changed(written)
      void read(FIRST)
    }
    if (soon) timer = window.setTimeout(now, REST_MS)
    else now()
  }
  onScopeDispose(() => {
    window.clearTimeout(timer)
    turn += 1
  })

  const next = computed(() => page.value?.next ?? null)
  return {
    query,
    size,
    page,
    failure,
    busy,
    entries: computed(() => page.value?.entries ?? []),
    total: computed(() => page.value?.total ?? 0),
    narrowed: computed(() => isNarrowed(query.value)),
    range: computed(() => rangeOf(leaves.value, size.value, page.value?.entries.length ?? 0)),
    mayForward: computed(() => next.value !== null),
    mayBack: computed(() => leaves.value.length > 1),
    /** Words wait until the typing rests; `now` does not. */
    search: (q: string, now = false) => ask({ ...query.value, q }, !now),
    filter: (name: string, value: string) => ask({ ...query.value, filters: { ...query.value.filters, [name]: value } }),
    ofState: (active: ListQuery['active']) => ask({ ...query.value, active }),
    /** Takes over what the address says, where somebody else wrote it: a link, or 返回. */
    adopt(address: Readonly<Record<string, unknown>>, names: readonly string[]): void {
      const wished = readQuery(address, names)
      if (!sameQuery(wished, written)) ask(wished)
    },
    clear: () => ask({ q: '', active: 'true', filters: {} }),
    reload: () => read(leaves.value),
    begin: () => read(FIRST),
    async forward(): Promise<void> {
      if (next.value !== null && !busy.value) await read(forward(leaves.value, next.value))
    },
    async back(): Promise<void> {
      if (leaves.value.length > 1 && !busy.value) await read(back(leaves.value))
    },
    ofSize(rows: number): void {
      size.value = rows
      memory.set(SIZE, String(rows))
      void read(FIRST)
    },
    /** Puts a changed entry in its place; a new one comes first, so that it is seen at once. */
    put(entry: E): void {
      const { value } = page
      if (value === null) return
      const there = value.entries.some((one) => key(one) === key(entry))
      page.value = there
        ? { ...value, entries: value.entries.map((one) => (key(one) === key(entry) ? entry : one)) }
        : { ...value, entries: [entry, ...value.entries], total: value.total + 1 }
      if (busy.value) void read(leaves.value) // an answer under way does not know it yet
    },
  }
}
