/** HLS playlists, as far as a kiosk needs them: which tracks to fetch, and the same text over what it has kept. */

export const HLS_TYPE = 'application/vnd.apple.mpegurl'

const MAX_HEIGHT = 720 // a larger picture costs a weak line more than a classroom's screen shows

interface Variant {
  readonly line: string
  readonly uri: string
  readonly height: number
  readonly codecs: string
  readonly audio: string | null
}

const attribute = (line: string, name: string): string | null => {
  const found = new RegExp(`[:,]${name}=("[^"]*"|[^,]*)`).exec(line)
  return found === null ? null : (found[1] ?? '').replace(/^"|"$/g, '')
}
const linesOf = (text: string): string[] => text.split('\n').map((one) => one.trim())

function variantsOf(lines: readonly string[]): Variant[] {
  return lines.flatMap((line, n) => {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) return []
    const uri = lines[n + 1] ?? ''
    const height = Number((attribute(line, 'RESOLUTION') ?? '').split('x')[1] ?? 0)
    return [{ line, uri, height, codecs: attribute(line, 'CODECS') ?? '', audio: attribute(line, 'AUDIO') }]
  })
}

/** The tracks that a kiosk keeps: one size of the picture, with sound that this browser plays. */
export interface Tracks {
  /** Addresses of the media playlists, as they stand in the text. */
  readonly playlists: readonly string[]
  /** The playlist of them alone. */
  readonly text: string
}

/** @param plays says whether this browser plays these codecs. */
export function chosenTracks(text: string, plays: (codecs: string) => boolean): Tracks | null {
  const lines = linesOf(text)
  const playable = variantsOf(lines).filter((one) => one.uri !== '' && plays(one.codecs))
  const fitting = playable.filter((one) => one.height <= MAX_HEIGHT)
  const best = fitting.length > 0 ? highest(fitting) : lowest(playable)
  if (best === null) return null
  const sound = lines.find((line) => line.startsWith('#EXT-X-MEDIA:') && best.audio !== null && attribute(line, 'GROUP-ID') === best.audio)
  const heard = sound === undefined ? null : attribute(sound, 'URI')
  const kept = ['#EXTM3U', ...lines.filter((one) => /^#EXT-X-(VERSION|INDEPENDENT)/.test(one)), ...(sound ? [sound] : []), best.line, best.uri]
  return { playlists: [...(heard === null ? [] : [heard]), best.uri], text: `${kept.join('\n')}\n` }
}

function highest(all: readonly Variant[]): Variant | null {
  return all.reduce<Variant | null>((best, one) => (best === null || one.height > best.height ? one : best), null)
}
function lowest(all: readonly Variant[]): Variant | null {
  return all.reduce<Variant | null>((best, one) => (best === null || one.height < best.height ? one : best), null)
}

/** Names of the media files of a media playlist, each once. */
export function mediaFiles(text: string): string[] {
  const lines = linesOf(text)
  const maps = lines.filter((one) => one.startsWith('#EXT-X-MAP:')).map((one) => attribute(one, 'URI') ?? '')
  const segments = lines.filter((one) => one !== '' && !one.startsWith('#'))
  return [...new Set([...maps, ...segments])].filter((one) => one !== '')
}

/** The part of a file: its name, and which bytes; the whole file without. */
export type Slice = (name: string, bytes: { readonly from: number; readonly length: number } | null) => string

const rangeOf = (text: string | null) => {
  const found = /^(\d+)@(\d+)$/.exec(text ?? '')
  return found === null ? null : { from: Number(found[2]), length: Number(found[1]) }
}

/** A media playlist whose segments are addresses of their own: what plays a Blob need not know ranges. */
export function sliced(text: string, slice: Slice): string {
  let range: string | null = null
  return linesOf(text)
    .flatMap((line) => {
      if (line.startsWith('#EXT-X-MAP:')) {
        return [`#EXT-X-MAP:URI="${slice(attribute(line, 'URI') ?? '', rangeOf(attribute(line, 'BYTERANGE')))}"`]
      }
      if (line.startsWith('#EXT-X-BYTERANGE:')) {
        range = line.slice('#EXT-X-BYTERANGE:'.length)
        return []
      }
      if (line === '' || line.startsWith('#')) return [line]
      const address = slice(line, rangeOf(range))
      range = null
      return [address]
    })
    .join('\n')
}

/** A playlist with other addresses of its media playlists. */
export function readdressed(text: string, address: (name: string) => string): string {
  return linesOf(text)
    .map((line) => {
      if (line.startsWith('#EXT-X-MEDIA:')) return line.replace(/URI="([^"]*)"/, (_, name: string) => `URI="${address(name)}"`)
      return line === '' || line.startsWith('#') ? line : address(line)
    })
    .join('\n')
}
