/**
 * Fetches the media of pushed resources before their lessons, part by part, and keeps them in the browser.
 *
 * It goes slowly, so that a lesson on the same line is not hurt, and not at all while this room is in one. After a
 * broken line or a power cut it goes on with the part that is missing. What is no longer wanted goes at once.
 */
import type { Cancel, Clock } from '../base/clock'
import { ApiError } from '../base/rest'
import type { LibraryDetail } from '../base/wire'
import { chosenTracks, HLS_TYPE, mediaFiles } from './playlists'

export const PART_BYTES = 1024 * 1024
const BYTES_PER_MS = 500 // 4 Mbit/s: half of a weak school's line
const RESERVE_BYTES = 200 * 1024 * 1024 // of the browser's store that stays free
const RETRY_FIRST_MS = 2_000
const RETRY_MAX_MS = 60_000
const ASK_AGAIN_MS = 60_000 // for what is not there yet, or was refused
const MAX_TEXT = 4 * 1024 * 1024 // bytes of a playlist

export interface Wanted {
  readonly resourceId: string
  readonly version: number
}

/** `making`: the server still prepares its media. `no_space`: this computer's disk has no place for it. */
export type FetchState = 'waiting' | 'fetching' | 'ready' | 'making' | 'no_space' | 'refused'

export interface FetchStatus {
  readonly state: FetchState
  readonly doneBytes: number
  /** Null until all sizes are known. */
  readonly totalBytes: number | null
}

/** What is known of a resource that is fetched. It is kept with its parts. */
export interface KeptIndex {
  readonly detail: LibraryDetail
  /** Sizes in bytes of the files whose first part came, by address. */
  readonly sizes: Record<string, number>
  /** Playlists, by address. */
  readonly texts: Record<string, string>
}

/** Bytes as the browser holds them: a Blob. */
export interface Bytes {
  readonly size: number
  text(): Promise<string>
}

/** The browser's store: parts by name. */
export interface PartStore {
  names(): Promise<readonly string[]>
  put(name: string, part: Bytes | string): Promise<void>
  text(name: string): Promise<string | null>
  remove(names: readonly string[]): Promise<void>
  /** Bytes that may still be written; null where nobody knows. */
  free(): Promise<number | null>
}

export interface Part {
  readonly bytes: Bytes
  /** Length of the whole file. */
  readonly total: number
}

/** The network. Rejects with ApiError (status 0: no answer came). */
export interface PartSource {
  detail(resourceId: string): Promise<LibraryDetail>
  part(url: string, from: number, to: number): Promise<Part>
}

export const indexName = (one: Wanted): string => `${encodeURIComponent(one.resourceId)}/${String(one.version)}/index`
export const partName = (one: Wanted, url: string, n: number): string =>
  `${encodeURIComponent(one.resourceId)}/${String(one.version)}/${encodeURIComponent(url)}/${String(n)}`
export const partsOf = (size: number): number => Math.max(1, Math.ceil(size / PART_BYTES))
/** An address beside another one. */
export const beside = (url: string, name: string): string => url.slice(0, url.lastIndexOf('/') + 1) + name

/** The files that are known to be needed; `all`: there are no others. */
export function filesOf(index: KeptIndex, plays: (codecs: string) => boolean): { urls: string[]; all: boolean } {
  const urls: string[] = []
  let all = true
  for (const file of index.detail.sources.flatMap((source) => source.files)) {
    if (file.mime !== HLS_TYPE) {
      urls.push(file.url)
      continue
    }
    const text = index.texts[file.url]
    const tracks = text === undefined ? null : chosenTracks(text, plays)
    if (tracks === null) {
      urls.push(...(text === undefined ? [file.url] : []))
      all = false
      continue
    }
    for (const name of tracks.playlists) {
      const playlist = beside(file.url, name)
      const inside = index.texts[playlist]
      if (inside === undefined) {
        urls.push(playlist)
        all = false
      } else urls.push(...mediaFiles(inside).map((one) => beside(playlist, one)))
    }
  }
  return { urls, all }
}

const isPlaylist = (url: string): boolean => /\.m3u8$/.test(url)

export class PushFetcher {
  private wanted: readonly Wanted[] = []
  private names = new Set<string>()
  private readonly indexes = new Map<string, KeptIndex>()
  private readonly notes = new Map<string, { state: FetchState; untilMs: number }>()
  private started = false
  private busy = false
  private failures = 0
  private resting = false
  private timer: Cancel = () => {}

  constructor(
    private readonly clock: Clock,
    private readonly store: PartStore,
    private readonly source: PartSource,
    private readonly plays: (codecs: string) => boolean,
    private readonly changed: () => void,
  ) {}

  /** Finds what a former life of this page has kept. */
  async start(): Promise<void> {
    this.names = new Set(await this.store.names())
    for (const name of this.names) {
      if (name.endsWith('/index')) await this.readIndex(name)
    }
    this.started = true
    this.changed()
    this.soon(0)
  }

  stop(): void {
    this.started = false
    this.timer()
  }

  /** Says what is to be there, the first first. Everything else is taken out of the store. */
  async want(wanted: readonly Wanted[]): Promise<void> {
    this.wanted = wanted
    const stays = wanted.map((one) => indexName(one).slice(0, -'index'.length))
    const gone = [...this.names].filter((name) => !stays.some((prefix) => name.startsWith(prefix)))
    if (gone.length > 0) {
      await this.store.remove(gone)
      for (const name of gone) {
        this.names.delete(name)
        this.indexes.delete(name)
      }
      this.notes.clear() // there is more space now
    }
    this.changed()
    this.soon(0)
  }

  /** While this room is in a lesson nothing is fetched. */
  rest(resting: boolean): void {
    this.resting = resting
    if (!resting) this.soon(0)
  }

  index(one: Wanted): KeptIndex | null {
    return this.indexes.get(indexName(one)) ?? null
  }

  status(one: Wanted): FetchStatus {
    const index = this.index(one)
    const note = this.notes.get(indexName(one))
    if (index === null) return { state: note?.state ?? 'waiting', doneBytes: 0, totalBytes: null }
    const { urls, all } = filesOf(index, this.plays)
    let [done, total, known] = [0, 0, all]
    for (const url of urls) {
      const size = index.sizes[url]
      if (size === undefined) known = false
      else {
        total += size
        for (let n = 0; n < partsOf(size); n += 1) {
          if (this.names.has(partName(one, url, n))) done += Math.min(PART_BYTES, size - n * PART_BYTES)
        }
      }
    }
    const state = known && done === total ? 'ready' : (note?.state ?? 'fetching')
    return { state, doneBytes: done, totalBytes: known ? total : null }
  }

  private soon(delayMs: number): void {
    this.timer()
    this.timer = this.clock.after(delayMs, () => void this.step())
  }

  private async step(): Promise<void> {
    if (!this.started || this.busy || this.resting) return
    const next = this.nextWanted()
    if (next === null) {
      this.soon(ASK_AGAIN_MS)
      return
    }
    this.busy = true
    try {
      this.soonAfter(await this.fetchOne(next))
      this.failures = 0
    } catch (failure) {
      this.failed(next, failure)
    } finally {
      this.busy = false
    }
    this.changed()
  }

  private soonAfter(bytes: number): void {
    this.soon(bytes / BYTES_PER_MS)
  }

  private failed(one: Wanted, failure: unknown): void {
    this.failures += 1
    const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.failures - 1, 10))
    if (failure instanceof ApiError && !failure.unreachable && failure.status !== 401 && failure.status !== 429) {
      this.note(one, 'refused') // withdrawn meanwhile, or its files are others now
      void this.forget(one)
    } else if (failure instanceof NoSpace || (failure as { name?: string } | null)?.name === 'QuotaExceededError') {
      this.note(one, 'no_space')
    }
    this.soon(wait)
  }

  private note(one: Wanted, state: FetchState): void {
    this.notes.set(indexName(one), { state, untilMs: this.clock.now() + ASK_AGAIN_MS })
  }

  private async forget(one: Wanted): Promise<void> {
    const prefix = indexName(one).slice(0, -'index'.length)
    const gone = [...this.names].filter((name) => name.startsWith(prefix))
    this.indexes.delete(indexName(one))
    for (const name of gone) this.names.delete(name)
    await this.store.remove(gone)
  }

  private nextWanted(): Wanted | null {
    return (
      this.wanted.find((one) => {
        const note = this.notes.get(indexName(one))
        if (note !== undefined && note.untilMs > this.clock.now()) return false
        return this.status(one).state !== 'ready'
      }) ?? null
    )
  }

  /** Fetches the next thing of a resource; returns how many bytes came. */
  private async fetchOne(one: Wanted): Promise<number> {
    const index = this.index(one) ?? (await this.begin(one))
    if (index === null) return 0
    this.notes.delete(indexName(one))
    const { urls } = filesOf(index, this.plays)
    for (const url of urls) {
      const size = index.sizes[url]
      const count = size === undefined ? 1 : partsOf(size)
      for (let n = 0; n < count; n += 1) {
        if (size === undefined || !this.names.has(partName(one, url, n))) return this.fetchPart(one, index, url, n)
      }
    }
    this.note(one, 'refused') // nothing in it that this browser plays
    return 0
  }

  private async begin(one: Wanted): Promise<KeptIndex | null> {
    const detail = await this.source.detail(one.resourceId)
    const playable = detail.sources.some((source) => source.files.length > 0)
    if (detail.entry.version !== one.version || detail.entry.locked || !playable) {
      this.note(one, detail.entry.locked ? 'refused' : 'making')
      return null
    }
    const index = { detail, sizes: {}, texts: {} }
    await this.writeIndex(one, index)
    return index
  }

  private async fetchPart(one: Wanted, index: KeptIndex, url: string, n: number): Promise<number> {
    const from = n * PART_BYTES
    const length = isPlaylist(url) ? MAX_TEXT : PART_BYTES
    await this.demandSpace(index, url)
    const { bytes, total } = await this.source.part(url, from, from + length - 1)
    if (!this.wants(one)) return bytes.size // it went meanwhile
    if (isPlaylist(url)) {
      await this.writeIndex(one, { ...index, texts: { ...index.texts, [url]: await bytes.text() } })
      return bytes.size
    }
    const known = index.sizes[url] ?? total
    if (known !== total || bytes.size !== Math.min(PART_BYTES, total - from)) throw new ApiError(409, 'changed', 'another file', null)
    const name = partName(one, url, n)
    await this.store.put(name, bytes)
    this.names.add(name)
    if (index.sizes[url] === undefined) await this.writeIndex(one, { ...index, sizes: { ...index.sizes, [url]: total } })
    return bytes.size
  }

  private async demandSpace(index: KeptIndex, url: string): Promise<void> {
    const free = await this.store.free()
    const size = index.sizes[url] ?? PART_BYTES
    if (free !== null && free < Math.min(size, PART_BYTES) + RESERVE_BYTES) throw new NoSpace()
  }

  private wants(one: Wanted): boolean {
    return this.wanted.some((other) => indexName(other) === indexName(one))
  }

  private async writeIndex(one: Wanted, index: KeptIndex): Promise<void> {
    const name = indexName(one)
    await this.store.put(name, JSON.stringify(index))
    this.names.add(name)
    this.indexes.set(name, index)
  }

  private async readIndex(name: string): Promise<void> {
    try {
      const text = await this.store.text(name)
      if (text !== null) this.indexes.set(name, JSON.parse(text) as KeptIndex)
    } catch {
      this.indexes.delete(name) // cut off in the middle: it begins anew
    }
  }
}

class NoSpace extends Error {}
