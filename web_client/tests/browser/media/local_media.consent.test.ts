import { expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { answer, tracks, usePrompts } from '../../support/prompts'

usePrompts()

it('leaves no camera on when its prompt is answered after the page was left', async () => {
  const { useLocalMedia } = await import('../../../src/browser/media/local_media')
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
  const { useLocalMedia } = await import('../../../src/browser/media/local_media')
  const { hasConsent, mayUseDevices } = await import('../../../src/browser/media/device_consent')
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
