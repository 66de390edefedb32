/** Parts in the browser's Cache Storage: it holds gigabytes on the disk, in Chromium 80 as well. */
import type { Bytes, PartStore } from '../../core/resource_push/fetcher'

const CACHE = 'tongke-pushed'
const ROOT = '/kept-on-this-computer/' // addresses of the store; nobody asks a server for them

const addressOf = (name: string): string => `${location.origin}${ROOT}${encodeURIComponent(name)}`
const nameOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(ROOT.length))

/** Null where the browser keeps nothing for this page (no secure context). */
export function browserParts(): (PartStore & { part(name: string): Promise<Blob | null> }) | null {
  if (!('caches' in globalThis)) return null
  const open = () => caches.open(CACHE)
  const part = async (name: string): Promise<Blob | null> => {
    const found = await (await open()).match(addressOf(name))
    return found === undefined ? null : found.blob()
  }
  return {
    part,
    names: async () => (await (await open()).keys()).map((request) => nameOf(request.url)),
    put: async (name: string, bytes: Bytes | string) => (await open()).put(addressOf(name), new Response(bytes as Blob | string)),
    text: async (name) => {
      const found = await part(name)
      return found === null ? null : found.text()
    },
    remove: async (names) => {
      const cache = await open()
      for (const name of names) await cache.delete(addressOf(name))
    },
    free: async () => {
      const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {}
      return quota === undefined || usage === undefined ? null : quota - usage
    },
  }
}
