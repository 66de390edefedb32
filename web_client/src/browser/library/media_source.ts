/**
 * Opens media in an element: a file as it is, an HLS playlist by hls.js, which chooses the quality by itself.
 *
 * It is the full build of hls.js: the light one plays no sound that has a playlist of its own, and in CMAF each
 * track is a file. It is loaded only where a playlist is played.
 */
import type { HlsConfig, default as Hls } from 'hls.js'

export const HLS_TYPE = 'application/vnd.apple.mpegurl'

const MAX_BUFFER_S = 60 // s ahead; two sources of a lesson play side by side
const MAX_RECOVERIES = 3 // of a decoder that stumbled; then it has failed

// Of what a player measures, so much may be used, and so much before it takes a larger picture: hls.js's own.
const USED = 0.95
const USED_TO_RISE = 0.7

/**
 * How hls.js is to play one of several pictures side by side. Each measures the whole line while the others rest, so
 * each may use its share only: else both take the large picture, and one of them stands still.
 */
export function settingsFor(pictures: number): Partial<HlsConfig> {
  const share = 1 / Math.max(1, pictures)
  return {
    maxBufferLength: MAX_BUFFER_S,
    maxMaxBufferLength: MAX_BUFFER_S,
    abrBandWidthFactor: USED * share,
    abrBandWidthUpFactor: USED_TO_RISE * share,
  }
}

export interface OpenMedia {
  close(): void
}

/** Opens `url`, one of so many `pictures` that play at once; `failed` is called when it cannot be played. */
export function openMedia(element: HTMLVideoElement, url: string, mime: string, pictures: number, failed: () => void): OpenMedia {
  if (mime !== HLS_TYPE) {
    element.src = url
    return { close: () => undefined }
  }
  let open = true
  let hls: Hls | null = null
  const load = async () => {
    const { default: Player } = await import('hls.js')
    if (!open) return
    if (Player.isSupported()) {
      hls = attach(new Player(settingsFor(pictures)), Player)
    } else if (element.canPlayType(HLS_TYPE) !== '') {
      element.src = url // a browser that plays playlists by itself
    } else failed()
  }
  const attach = (player: Hls, Player: typeof Hls): Hls => {
    let recoveries = 0
    player.on(Player.Events.ERROR, (_event, data) => {
      if (!data.fatal) return
      recoveries += 1
      if (recoveries > MAX_RECOVERIES) failed()
      else if (data.type === Player.ErrorTypes.MEDIA_ERROR) player.recoverMediaError()
      else if (data.type === Player.ErrorTypes.NETWORK_ERROR) player.startLoad()
      else failed()
    })
    player.loadSource(url)
    player.attachMedia(element)
    return player
  }
  load().catch(failed)
  return {
    close: () => {
      open = false
      hls?.destroy()
    },
  }
}
