import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { LibraryDetail } from '../../../src/core/base/wire'
import { type Bytes, PART_BYTES, type PartStore, PushFetcher } from '../../../src/core/resource_push/fetcher'
import { VirtualClock } from '../../support/virtual_clock'

const GIB = 1024 ** 3
const A = { resourceId: 'a', version: 1 }
const SIZE = 3 * PART_BYTES + 10

class MemoryParts implements PartStore {
  readonly kept = new Map<string, Bytes | string>()
  left: number | null = 10 * GIB
  names = async () => [...this.kept.keys()]
  put = async (name: string, part: Bytes | string) => void this.kept.set(name, part)
  text = async (name: string) => this.kept.get(name) as string
  remove = async (names: readonly string[]) => names.forEach((name) => this.kept.delete(name))
  free = async () => this.left
}

function detail(version = 1, mime = 'video/webm', url = '/media/a/1/v.webm'): LibraryDetail {
  const files = [{ url, mime, offset_s: 0, duration_s: 60, width: 1, height: 1, has_audio: true, has_video: true }]
  return { entry: { resource_id: 'a', version, locked: false }, sources: [{ source_id: 's', files }] } as unknown as LibraryDetail
}

class Origin {
  detailNow = detail()
  broken: Error | null = null
  readonly asked: string[] = []
  texts: Record<string, string> = {}
  detail = async () => {
    if (this.broken) throw this.broken
    return this.detailNow
  }
  part = async (url: string, from: number, to: number) => {
    this.asked.push(`${url} ${String(from)}`)
    if (this.broken) throw this.broken
    const text = this.texts[url]
    if (text !== undefined) return { bytes: { size: text.length, text: async () => text }, total: text.length }
    const size = Math.min(to + 1, SIZE) - from
    return { bytes: { size, text: async () => '' }, total: SIZE }
  }
}

let clock: VirtualClock
let store: MemoryParts
let origin: Origin
const make = () => new PushFetcher(clock, store, origin, () => true, () => {})
async function started(): Promise<PushFetcher> {
  const fetcher = make()
  await fetcher.start()
  await fetcher.want([A])
  return fetcher
}
beforeEach(() => {
  clock = new VirtualClock()
  store = new MemoryParts()
  origin = new Origin()
})

describe('fetching before a lesson', () => {
  it('fetches part by part, slowly, and tells how much is missing', async () => {
    const fetcher = await started()
    await clock.advance(100)
    expect(fetcher.status(A)).toEqual({ state: 'fetching', doneBytes: PART_BYTES, totalBytes: SIZE })
    await clock.advance(1000)
    expect(origin.asked).toHaveLength(1) // 1 MiB in 2 s
    await clock.advance(10_000)
    expect(fetcher.status(A)).toEqual({ state: 'ready', doneBytes: SIZE, totalBytes: SIZE })
    expect(origin.asked).toHaveLength(4)
  })

  it('goes on with the missing part after a broken line', async () => {
    const fetcher = await started()
    await clock.advance(3000)
    const before = origin.asked.length
    origin.broken = new ApiError(0, 'network', '', null)
    await clock.advance(20_000)
    expect(fetcher.status(A).state).toBe('fetching')
    origin.broken = null
    await clock.advance(70_000)
    expect(fetcher.status(A).state).toBe('ready')
    expect(new Set(origin.asked.slice(0, before))).not.toContain(`/media/a/1/v.webm ${String(3 * PART_BYTES)}`)
  })

  it('goes on after a power cut', async () => {
    const first = await started()
    await clock.advance(3000)
    first.stop()
    const before = origin.asked.length
    const second = await started()
    await clock.advance(20_000)
    expect(second.status(A).state).toBe('ready')
    expect(origin.asked.length - before).toBe(4 - before)
  })

  it('takes out what is no longer wanted', async () => {
    const fetcher = await started()
    await clock.advance(20_000)
    await fetcher.want([])
    expect(store.kept.size).toBe(0)
    expect(fetcher.status(A).state).toBe('waiting')
  })

  it('takes out a former version', async () => {
    const fetcher = await started()
    await clock.advance(20_000)
    origin.detailNow = detail(2)
    await fetcher.want([{ resourceId: 'a', version: 2 }])
    await clock.advance(20_000)
    expect([...store.kept.keys()].every((name) => name.startsWith('a/2/'))).toBe(true)
  })

  it('rests while the room is in a lesson', async () => {
    const fetcher = await started()
    fetcher.rest(true)
    await clock.advance(60_000)
    expect(origin.asked).toEqual([])
    fetcher.rest(false)
    await clock.advance(60_000)
    expect(fetcher.status(A).state).toBe('ready')
  })

  it('says that the disk is full, and writes nothing', async () => {
    store.left = 1024
    const fetcher = await started()
    await clock.advance(5000)
    expect(fetcher.status(A).state).toBe('no_space')
    expect(origin.asked).toEqual([])
    store.left = 10 * GIB
    await clock.advance(200_000)
    expect(fetcher.status(A).state).toBe('ready')
  })

  it('begins anew where the server refuses a file, and does not hurry', async () => {
    const fetcher = await started()
    await clock.advance(3000)
    origin.broken = new ApiError(404, 'resource_not_found', '', null)
    await clock.advance(30_000)
    expect(fetcher.status(A).state).toBe('refused')
    expect(store.kept.size).toBe(0)
    expect(origin.asked.length).toBeLessThan(6)
  })

  it('waits for media that the server is still making', async () => {
    origin.detailNow = { ...detail(), sources: [] } as unknown as LibraryDetail
    const fetcher = await started()
    await clock.advance(5000)
    expect(fetcher.status(A).state).toBe('making')
    origin.detailNow = detail()
    await clock.advance(100_000)
    expect(fetcher.status(A).state).toBe('ready')
  })

  it('fetches one size of an edition, with its sound', async () => {
    const url = '/media/a/1/x/main.m3u8'
    origin.detailNow = detail(1, 'application/vnd.apple.mpegurl', url)
    origin.texts = {
      [url]: [
        '#EXTM3U',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="main",CHANNELS="2",URI="sound.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1,mp4a",RESOLUTION=640x360,AUDIO="aac"',
        'small.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="avc1,mp4a",RESOLUTION=1280x720,AUDIO="aac"',
        'large.m3u8',
      ].join('\n'),
      '/media/a/1/x/sound.m3u8': '#EXTM3U\n#EXT-X-MAP:URI="s.m4a",BYTERANGE="10@0"\n#EXTINF:4,\n#EXT-X-BYTERANGE:9@10\ns.m4a\n',
      '/media/a/1/x/large.m3u8': '#EXTM3U\n#EXT-X-MAP:URI="l.mp4",BYTERANGE="10@0"\n#EXTINF:4,\n#EXT-X-BYTERANGE:9@10\nl.mp4\n',
    }
    const fetcher = await started()
    await clock.advance(100_000)
    expect(fetcher.status(A)).toEqual({ state: 'ready', doneBytes: 2 * SIZE, totalBytes: 2 * SIZE })
    expect(origin.asked.some((one) => one.includes('small'))).toBe(false)
  })
})
