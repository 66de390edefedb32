/** Courseware: a window, tab or whole screen, shown as the second stream. */
import { onScopeDispose, shallowRef } from 'vue'

export type Surface = 'window' | 'monitor'

/** What current Chromium also understands; older ones ignore it. */
interface DisplayOptions extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface?: 'include' | 'exclude'
}

export function useScreenShare() {
  const video = shallowRef<MediaStreamTrack | null>(null)
  const audio = shallowRef<MediaStreamTrack | null>(null)
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
    stop()
    if (left) {
      for (const track of stream.getTracks()) track.stop() // chosen when the lesson was over
      return false
    }
    const [picture] = stream.getVideoTracks()
    if (picture === undefined) return false
    picture.contentHint = 'detail'
    picture.onended = stop // the browser's own 停止共享 bar
    video.value = picture
    audio.value = stream.getAudioTracks()[0] ?? null
    return true
  }

  function stop(): void {
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
    stop()
  })

  return { video, audio, supported, start, stop }
}
