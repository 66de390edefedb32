// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import type { CaptionCue, CaptionTrack } from '../../../src/core/base/wire'
import { changedCue } from '../../../src/core/library/captions'
import { MemoryPage } from '../../support/memory_page'

const api = vi.hoisted(() => ({ track: vi.fn(), save: vi.fn(), order: vi.fn() }))
vi.mock('../../../src/browser/library/api', () => ({ captions: api }))
vi.stubGlobal('window', Object.assign(Object.create(globalThis), { addEventListener: vi.fn(), removeEventListener: vi.fn() }))
const { useCaptions } = await import('../../../src/pages/resources/caption_editing')

const cue = (id: number, text: string): CaptionCue => ({ cue_id: id, start_s: id, end_s: id + 1, text, source_id: 'lead.camera' })
const track = (revision: number, ...cues: CaptionCue[]): CaptionTrack => ({ version: 1, revision, state: 'ready', cues }) as unknown as CaptionTrack

let captions: ReturnType<typeof useCaptions>
let page: MemoryPage

beforeEach(async () => {
  vi.resetAllMocks()
  api.track.mockResolvedValue(track(1, cue(1, '一'), cue(2, '二')))
  page = new MemoryPage(
    defineComponent(() => {
      captions = useCaptions('r1', ref(1))
      return () => h('p')
    }),
    {},
  )
  await page.settle()
})
afterEach(() => page.leave())

it('keeps what is typed while a save is under way, and knows it as unsaved', async () => {
  let answer: (now: CaptionTrack) => void = () => undefined
  api.save.mockReturnValue(new Promise<CaptionTrack>((give) => (answer = give)))
  captions.set(changedCue(captions.mine.value, 1, { text: '壹' }))
  const saved = captions.save()
  captions.set(changedCue(captions.mine.value, 2, { text: '贰' }))
  answer(track(2, cue(1, '壹'), cue(2, '二')))
  expect(await saved).toBe(true)
  expect(captions.mine.value.map((one) => one.text)).toEqual(['壹', '贰'])
  expect(captions.dirty.value).toBe(true)

  api.save.mockResolvedValue(track(3, cue(1, '壹'), cue(2, '贰')))
  expect(await captions.save()).toBe(true)
  expect(api.save).toHaveBeenLastCalledWith('r1', { revision: 2, put: [cue(2, '贰')], drop: [] })
  expect(captions.dirty.value).toBe(false)
})
