// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { ApiError } from '../../../src/core/base/rest'
import type { DraftSave, ResourceDetail, ResourceEdits, ResourceMetadata } from '../../../src/core/base/wire'
import { MemoryPage } from '../../support/memory_page'

const api = vi.hoisted(() => ({ one: vi.fn(), save: vi.fn() }))
vi.mock('../../../src/browser/library/api', () => ({ resources: api }))
vi.mock('vue-router', () => ({ onBeforeRouteLeave: vi.fn() }))
vi.stubGlobal('window', Object.assign(Object.create(globalThis), { addEventListener: vi.fn(), removeEventListener: vi.fn() }))
const { useEditing } = await import('../../../src/pages/resources/editing')

const METADATA = { title: '浮力', summary: '', grade: '八年级', section: '' } as ResourceMetadata
const EDITS: ResourceEdits = { keep: [], chapters: [], hidden_sources: [], hidden_pictures: [], cover_s: null }

/** A draft of the server. */
function detail(revision: number, metadata: Partial<ResourceMetadata> = {}, edits: Partial<ResourceEdits> = {}): ResourceDetail {
  const version = { number: 1, state: 'draft', revision, metadata: { ...METADATA, ...metadata }, edits: { ...EDITS, ...edits } }
  return { summary: { may: ['edit_resource'] }, working: version, versions: [], upload: null } as unknown as ResourceDetail
}

/** A request whose answer the test gives. */
function held<T>() {
  const parts: { answer?: (value: T) => void; fail?: (fault: unknown) => void } = {}
  const promise = new Promise<T>((answer, fail) => Object.assign(parts, { answer, fail }))
  return { promise, answer: (value: T) => parts.answer?.(value), fail: (fault: unknown) => parts.fail?.(fault) }
}

let editing: ReturnType<typeof useEditing>
let page: MemoryPage

beforeEach(async () => {
  vi.resetAllMocks()
  api.one.mockResolvedValue(detail(1))
  page = new MemoryPage(
    defineComponent(() => {
      editing = useEditing('r1')
      return () => h('p')
    }),
    {},
  )
  await page.settle()
})
afterEach(() => page.leave())

it('keeps what is typed and cut while a save is under way, and knows it as unsaved', async () => {
  const request = held<ResourceDetail>()
  api.save.mockReturnValue(request.promise)
  editing.setMetadata({ summary: '阿基米德' })
  const saved = editing.save()
  editing.setMetadata({ summary: '阿基米德与王冠', section: '第十章' })
  editing.setEdits({ cover_s: 9 })
  request.answer(detail(2, { summary: '阿基米德' }))
  expect(await saved).toBe(true)
  expect(editing.mine.value).toMatchObject({ metadata: { summary: '阿基米德与王冠', section: '第十章' }, edits: { cover_s: 9 } })
  expect(editing.dirty.value).toBe(true)
  expect(editing.changes.value).toBeNull() // nobody else changed anything

  api.save.mockResolvedValue(detail(3))
  await editing.save()
  const [, sent] = api.save.mock.lastCall as [string, DraftSave]
  expect(sent).toMatchObject({ revision: 2, metadata: { summary: '阿基米德与王冠', section: '第十章' }, edits: { cover_s: 9 } })
})

it('takes what the server made of the rest, and is clean where nothing was typed meanwhile', async () => {
  api.save.mockResolvedValue(detail(2, { title: '浮力的秘密', summary: '短' }))
  editing.setMetadata({ title: ' 浮力的秘密 ' })
  await editing.save()
  expect(editing.mine.value?.metadata).toMatchObject({ title: '浮力的秘密', summary: '短' })
  expect(editing.dirty.value).toBe(false)
})

it('keeps what is typed while a save fails', async () => {
  const request = held<ResourceDetail>()
  api.save.mockReturnValue(request.promise)
  editing.setMetadata({ summary: '一' })
  const saved = editing.save()
  editing.setMetadata({ summary: '一二' })
  request.fail(new TypeError('no network'))
  expect(await saved).toBe(false)
  expect(editing.mine.value?.metadata.summary).toBe('一二')
  expect(editing.failure.value).toBeInstanceOf(TypeError)
})

it('keeps what is typed while somebody else was faster, and shows what that person changed', async () => {
  const request = held<ResourceDetail>()
  api.save.mockReturnValue(request.promise)
  api.one.mockResolvedValue(detail(5, { grade: '九年级' }))
  editing.setMetadata({ summary: '一' })
  const saved = editing.save()
  editing.setMetadata({ section: '第十章' })
  request.fail(new ApiError(409, 'changed_meanwhile', '', null))
  expect(await saved).toBe(false)
  expect(editing.mine.value?.metadata).toMatchObject({ summary: '一', section: '第十章', grade: '九年级' })
  expect(editing.changes.value?.map((one) => one.name)).toEqual(['grade'])
})

it('saves once at a time', async () => {
  const request = held<ResourceDetail>()
  api.save.mockReturnValue(request.promise)
  editing.setMetadata({ summary: '一' })
  const first = editing.save()
  expect(await editing.save()).toBe(false)
  request.answer(detail(2, { summary: '一' }))
  await first
  expect(api.save).toHaveBeenCalledOnce()
})
