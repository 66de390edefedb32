/** Tracks and a prompt of a browser that waits for the person's answer. */
import { beforeEach, vi } from 'vitest'

class FakeTrack {
  stopped = false
  onended: (() => void) | null = null
  onmute: (() => void) | null = null
  onunmute: (() => void) | null = null
  contentHint = ''
  enabled = true
  muted = false
  constructor(
    readonly kind: 'audio' | 'video',
    private readonly deviceId: string = kind,
  ) {}
  getSettings() {
    return { deviceId: this.deviceId }
  }
  stop(): void {
    this.stopped = true
  }
}

export const tracks = [new FakeTrack('video'), new FakeTrack('audio')]
const stream = {
  getTracks: () => tracks,
  getVideoTracks: () => tracks.slice(0, 1),
  getAudioTracks: () => tracks.slice(1),
}
let reply: () => void = () => {}

/** The person answers the browser's prompt. */
export const answer = (): void => reply()

/** Gives each test a browser of its own whose prompts wait for `answer`. */
export function usePrompts(): void {
  beforeEach(() => {
    for (const track of tracks) track.stopped = false
    const prompt = () => new Promise((resolve) => (reply = () => resolve(stream)))
    const stored = new Map<string, string>()
    vi.stubGlobal('localStorage', {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => stored.set(name, value),
      removeItem: (name: string) => stored.delete(name),
    })
    vi.stubGlobal('location', { search: '' })
    vi.stubGlobal('window', globalThis)
    vi.stubGlobal('navigator', {
      mediaDevices: {
        getUserMedia: prompt,
        getDisplayMedia: prompt,
        enumerateDevices: () => Promise.resolve([]),
        addEventListener: () => {},
        removeEventListener: () => {},
      },
    })
  })
}
