import { beforeEach, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

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

const tracks = [new FakeTrack('video'), new FakeTrack('audio')]
const stream = {
  getTracks: () => tracks,
  getVideoTracks: () => tracks.slice(0, 1),
  getAudioTracks: () => tracks.slice(1),
}
/** The person answers the browser's prompt. */
let answer: () => void

beforeEach(() => {
  for (const track of tracks) track.stopped = false
  const prompt = () => new Promise((resolve) => (answer = () => resolve(stream)))
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

it('leaves no camera on when its prompt is answered after the page was left', async () => {
  const { useLocalMedia } = await import('../../src/browser/local_media')
  for (const stays of [true, false]) {
    const scope = effectScope()
    const local = scope.run(() => useLocalMedia(() => true))
    const acquired = local?.acquire()
    if (!stays) scope.stop()
    answer()
    await acquired
    expect(tracks.map((track) => track.stopped)).toEqual([!stays, !stays])
    scope.stop()
    expect(tracks.map((track) => track.stopped)).toEqual([true, true])
    expect(local?.video.value).toBeNull()
    for (const track of tracks) track.stopped = false
  }
})

it('asks for no device before somebody clicked, also when one is plugged in', async () => {
  const { useLocalMedia } = await import('../../src/browser/local_media')
  const { hasConsent, mayUseDevices } = await import('../../src/browser/device_consent')
  const asked = vi.spyOn(navigator.mediaDevices, 'getUserMedia')
  let plug = () => {}
  vi.spyOn(navigator.mediaDevices, 'addEventListener').mockImplementation((_, run) => (plug = run as () => void))
  vi.useFakeTimers()
  const scope = effectScope()
  const local = scope.run(() => useLocalMedia(() => hasConsent('lesson')))
  await local?.acquire()
  await local?.choose('video', 'other camera')
  plug()
  await vi.advanceTimersByTimeAsync(2000)
  mayUseDevices('another lesson')
  await local?.acquire()
  expect(asked).not.toHaveBeenCalled()
  mayUseDevices('lesson')
  void local?.acquire()
  expect(asked).toHaveBeenCalledTimes(1)
  scope.stop()
  vi.useRealTimers()
})

it('shares no screen that was chosen after the lesson', async () => {
  const { useScreenShare } = await import('../../src/browser/screen_share')
  for (const stays of [true, false]) {
    const scope = effectScope()
    const share = scope.run(() => useScreenShare('lesson'))
    const started = share?.start('window')
    if (!stays) scope.stop()
    answer()
    expect(await started).toBe(stays)
    expect(tracks.map((track) => track.stopped)).toEqual([!stays, !stays])
    scope.stop()
    expect(tracks.map((track) => track.stopped)).toEqual([true, true])
    for (const track of tracks) track.stopped = false
  }
})

it('knows a share that ended by itself from one that was stopped', async () => {
  const { useScreenShare } = await import('../../src/browser/screen_share')
  const page = (lesson: string) => {
    const scope = effectScope()
    const share = scope.run(() => useScreenShare(lesson))
    if (share === undefined) throw new Error('no scope')
    return { scope, share }
  }
  const shown = async (share: ReturnType<typeof useScreenShare>) => {
    const started = share.start('monitor')
    answer()
    await started
  }
  const first = page('lesson')
  expect(first.share.lost.value).toBe(false)
  await shown(first.share)
  tracks[0]?.onended?.() // the browser's own bar
  expect(first.share.lost.value).toBe(true)
  expect(first.share.video.value).toBeNull()
  await shown(first.share)
  expect(first.share.lost.value).toBe(false)
  expect(first.share.surfaceBefore.value).toBe('monitor')
  first.scope.stop() // another page took over

  const second = page('lesson')
  expect(second.share.lost.value).toBe(true)
  expect(page('another lesson').share.lost.value).toBe(false)
  second.share.stop()
  expect(second.share.lost.value).toBe(false)
  expect(page('lesson').share.lost.value).toBe(false)
})
