/** Courseware: a window, tab or whole screen, shown as the second stream. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { memory } from '../base/memory'

export type Surface = 'window' | 'monitor'

/** Options that current Chromium understands and older ones ignore. */
interface DisplayOptions extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface?: 'include' | 'exclude'
}

const SHARED = 'shared' // the lesson in which this computer's teacher wants courseware to be seen

/** @param lessonId the lesson that it is shared in. */
export function useScreenShare(lessonId: string) {
  const video = shallowRef<MediaStreamTrack | null>(null)
  const audio = shallowRef<MediaStreamTrack | null>(null)
  /** Pupils should see courseware and do not: it ended without being told to, or on another page. */
  const lost = ref(memory.get(SHARED) === lessonId)
  const surfaceBefore = ref<Surface>('window')
  let left = false
  const supported = typeof navigator.mediaDevices?.getDisplayMedia === 'function'

  async function ask(surface: Surface, withAudio: boolean): Promise<MediaStream> {
    const options: DisplayOptions = {
      video: {
        displaySurface: surface,
        width: { max: 1920 },
        height: { max: 1080 },
        frameRate: { ideal: 15, max: 15 },
      },
      audio: withAudio,
      selfBrowserSurface: 'exclude', // showing the wall on the wall helps nobody
    }
    return navigator.mediaDevices.getDisplayMedia(options)
  }

  /** True when something is shown; false when the person closed the chooser. */
  async function start(surface: Surface): Promise<boolean> {
    let stream: MediaStream
    try {
      stream = await ask(surface, true).catch((failure: unknown) => {
        if (failure instanceof DOMException && failure.name === 'NotAllowedError') throw failure
        return ask(surface, false) // some systems cannot capture sound at all
      })
    } catch (failure) {
      if (failure instanceof DOMException && failure.name === 'NotAllowedError') return false
      throw failure
    }
    release()
    if (left) {
      for (const track of stream.getTracks()) track.stop() // chosen when the lesson was over
      return false
    }
    const [picture] = stream.getVideoTracks()
    if (picture === undefined) return false
    picture.contentHint = 'detail'
    picture.onended = () => {
      // The browser's own 停止共享 bar, or the shared window was closed.
      release()
      lost.value = true
    }
    video.value = picture
    audio.value = stream.getAudioTracks()[0] ?? null
    surfaceBefore.value = surface
    lost.value = false
    memory.set(SHARED, lessonId)
    return true
  }

  /** The teacher wants no courseware to be seen (any more). */
  function stop(): void {
    release()
    lost.value = false
    memory.set(SHARED, null)
  }

  function release(): void {
    for (const track of [video.value, audio.value]) {
      if (track === null) continue
      track.onended = null
      track.stop()
    }
    video.value = null
    audio.value = null
  }
  onScopeDispose(() => {
    left = true
    release()
  })

  return { video, audio, supported, lost, surfaceBefore, start, stop }
}
