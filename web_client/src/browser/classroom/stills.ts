/** Takes stills of what is shared when its page changes, for classrooms whose link does not carry the video. */
import { onScopeDispose, watch, type Ref } from 'vue'
import {
  SAMPLE_EVERY_MS,
  SAMPLE_HEIGHT,
  SAMPLE_WIDTH,
  STILL_MAX_BYTES,
  StillWatch,
  stillTries,
} from '../../core/classroom/stills/still_watch'
import { browserClock } from '../base/clock'
import { usePoll } from '../base/poll'

export interface StillOptions {
  readonly track: Ref<MediaStreamTrack | null>
  /** Somebody sees stills now, or will soon. */
  readonly needed: () => boolean
  /** The own uplink has room for pictures that nobody sees yet. */
  readonly roomy: () => boolean
  readonly send: (mime: string, image: Uint8Array) => Promise<void>
}

export function useStills(options: StillOptions): void {
  const video = document.createElement('video')
  video.muted = true
  const sampler = canvas(SAMPLE_WIDTH, SAMPLE_HEIGHT)
  let stills = new StillWatch()
  let sent = false // take one at once: the first must be there before anybody needs it

  watch(
    options.track,
    (track) => {
      stills = new StillWatch()
      sent = false
      video.srcObject = track === null ? null : new MediaStream([track])
      if (track !== null) video.play().catch(() => {}) // muted: only a removal interrupts it
    },
    { immediate: true },
  )
  onScopeDispose(() => (video.srcObject = null))

  const poll = usePoll(async () => {
    const needed = options.needed()
    if (options.track.value === null || video.videoWidth === 0) return SAMPLE_EVERY_MS
    if (!needed && sent && !options.roomy()) return SAMPLE_EVERY_MS
    const mine = stills
    if (!mine.see(grey(sampler, video), needed, browserClock.now())) return SAMPLE_EVERY_MS
    try {
      const image = await encoded(video)
      if (image !== null && mine === stills) {
        await options.send(image.type, new Uint8Array(await image.arrayBuffer()))
        sent = true
      }
    } catch {
      mine.forget() // not arrived: the next look takes another one
    }
    return SAMPLE_EVERY_MS
  })
  void poll.now()
}

type Surface = CanvasRenderingContext2D

function canvas(width: number, height: number): Surface {
  const element = document.createElement('canvas')
  element.width = width
  element.height = height
  const surface = element.getContext('2d', { alpha: false, willReadFrequently: true })
  if (surface === null) throw new Error('no canvas')
  return surface
}

function grey(surface: Surface, video: HTMLVideoElement): Uint8Array {
  surface.drawImage(video, 0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT)
  const { data } = surface.getImageData(0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT)
  const sample = new Uint8Array(SAMPLE_WIDTH * SAMPLE_HEIGHT)
  for (let pixel = 0; pixel < sample.length; pixel += 1) {
    const at = pixel * 4
    sample[pixel] = ((data[at] ?? 0) * 2 + (data[at + 1] ?? 0) * 5 + (data[at + 2] ?? 0)) >> 3
  }
  return sample
}

/** The picture as it is now, in the best encoding that fits; null where none does. */
async function encoded(video: HTMLVideoElement): Promise<Blob | null> {
  const whole = canvas(video.videoWidth, video.videoHeight) // all tries see the same moment
  whole.drawImage(video, 0, 0)
  let scaled: Surface | null = null
  for (const { width, height, quality } of stillTries(video.videoWidth, video.videoHeight)) {
    if (scaled?.canvas.width !== width) {
      scaled = canvas(width, height)
      scaled.imageSmoothingQuality = 'high'
      scaled.drawImage(whole.canvas, 0, 0, width, height)
    }
    const blob = await toBlob(scaled.canvas, quality)
    if (blob !== null && blob.size <= STILL_MAX_BYTES) return blob
  }
  return null
}

/** WebP; browsers that cannot write it (Safari) give a PNG, and are asked for JPEG. */
async function toBlob(element: HTMLCanvasElement, quality: number): Promise<Blob | null> {
  const make = (type: string) =>
    new Promise<Blob | null>((resolve) => element.toBlob(resolve, type, quality))
  const blob = await make('image/webp')
  return blob?.type === 'image/webp' ? blob : make('image/jpeg')
}
