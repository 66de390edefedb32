import { expect, it } from 'vitest'
import { effectScope } from 'vue'
import { answer, tracks, usePrompts } from '../../support/prompts'

usePrompts()

it('shares no screen that was chosen after the lesson', async () => {
  const { useScreenShare } = await import('../../../src/browser/media/screen_share')
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
  const { useScreenShare } = await import('../../../src/browser/media/screen_share')
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
