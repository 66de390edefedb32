/** What was fetched of a resource, as addresses that a player opens without any network. */
import type { RecordingFile, RecordingSource } from '../../core/base/wire'
import { beside, partName, partsOf, type KeptIndex, type Wanted } from '../../core/resource_push/fetcher'
import { chosenTracks, HLS_TYPE, mediaFiles, readdressed, sliced } from '../../core/resource_push/playlists'
import { playsCodecs } from './codecs'

export interface KeptMedia {
  readonly sources: readonly RecordingSource[]
  /** Gives the addresses back. */
  close(): void
}

type PartReader = (name: string) => Promise<Blob | null>

/** @param read gives a part. Rejects where one is missing. */
export async function openKept(one: Wanted, index: KeptIndex, read: PartReader): Promise<KeptMedia> {
  const made: string[] = []
  const files = new Map<string, Promise<Blob>>()
  const address = (blob: Blob): string => {
    const url = URL.createObjectURL(blob)
    made.push(url)
    return url
  }
  const whole = (url: string): Promise<Blob> => {
    const known = files.get(url) ?? join(one, index, url, read)
    files.set(url, known)
    return known
  }
  const playlist = async (url: string): Promise<string> => {
    const text = index.texts[url] ?? ''
    const media = await Promise.all(
      mediaFiles(text).map(async (name) => [name, await whole(beside(url, name))] as const),
    )
    const blobs = new Map(media)
    const list = sliced(text, (name, bytes) => {
      const blob = blobs.get(name) ?? new Blob()
      return address(bytes === null ? blob : blob.slice(bytes.from, bytes.from + bytes.length))
    })
    return address(new Blob([list], { type: HLS_TYPE }))
  }
  const opened = async (file: RecordingFile): Promise<RecordingFile> => {
    if (file.mime !== HLS_TYPE) return { ...file, url: address(await whole(file.url)) }
    const tracks = chosenTracks(index.texts[file.url] ?? '', playsCodecs)
    const lists = new Map<string, string>()
    for (const name of tracks?.playlists ?? []) lists.set(name, await playlist(beside(file.url, name)))
    const text = readdressed(tracks?.text ?? '', (name) => lists.get(name) ?? name)
    return { ...file, url: address(new Blob([text], { type: HLS_TYPE })) }
  }
  const close = () => made.forEach((url) => URL.revokeObjectURL(url))
  try {
    const sources: RecordingSource[] = []
    for (const source of index.detail.sources) {
      sources.push({ ...source, storyboard_url: null, waveform_url: null, files: await Promise.all(source.files.map(opened)) })
    }
    return { sources, close }
  } catch (failure) {
    close()
    throw failure
  }
}

async function join(one: Wanted, index: KeptIndex, url: string, read: PartReader): Promise<Blob> {
  const count = partsOf(index.sizes[url] ?? 0)
  const parts: Blob[] = []
  for (let n = 0; n < count; n += 1) {
    const part = await read(partName(one, url, n))
    if (part === null) throw new Error(`a part is missing: ${url} ${String(n)}`)
    parts.push(part)
  }
  return new Blob(parts)
}
