// @vitest-environment memory
import { afterEach, expect, it, vi } from 'vitest'
import { MemoryPage } from '../../support/memory_page'

vi.mock('../../../src/browser/identity/identity', () => ({ may: () => false }))
vi.mock('../../../src/browser/base/base_path', () => ({ basePath: '' }))
vi.mock('../../../src/browser/base/county', () => ({ countyDay: (at: string) => at.slice(0, 10) }))
const { default: WatchFacts } = await import('../../../src/pages/library/WatchFacts.vue')

const ENTRY = {
  resource_id: 'r', scope: 'public', stage: null, subject: '物理', edition: '', grade: '', volume: '', section: '',
  summary: '', keywords: [], kind_of_resource: 'lesson', published_at: '2026-11-30T00:00:00Z', expires_at: null,
}
const FILM = { url: '/media/downloads/r/1/film.mp4', name: '浮力.mp4', size: 230 * 1024 * 1024 }
let page: MemoryPage
let saved = 0

function open(more: Record<string, unknown>): void {
  saved = 0
  const detail = { entry: ENTRY, copyright_note: '', may_download: true, attachments: [], downloads: [], film: null, ...more }
  page = new MemoryPage(WatchFacts, { detail, onDownload: () => (saved += 1) })
}
afterEach(() => page.leave())

it('offers the film with its size, and tells that it was saved', async () => {
  open({ film: FILM })
  const link = page.find('film-save')
  expect(page.words).toContain('下载整节课 MP4（230 MB）')
  expect(link?.props).toMatchObject({ href: FILM.url, download: FILM.name })
  expect(page.words).not.toContain('只能在线观看')
  await page.fire('film-save', 'onClick')
  expect(saved).toBe(1)
})

it('says that there is nothing to save only where that is so', () => {
  open({})
  expect(page.find('film-save')).toBeUndefined()
  expect(page.words).toContain('只能在线观看')
})
