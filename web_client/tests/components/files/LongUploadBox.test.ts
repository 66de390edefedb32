// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { FileInfo } from '../../../src/core/base/wire'
import type { ChosenFile, TransferListener } from '../../../src/core/files/upload'
import { MemoryPage } from '../../support/memory_page'

const seams = vi.hoisted(() => ({
  ...{ start: vi.fn(), cancel: vi.fn(), pause: vi.fn(), resume: vi.fn() },
  ...{ file: vi.fn(), list: vi.fn(), remove: vi.fn() },
}))
vi.mock('../../../src/browser/files/api', () => ({
  fileTransfer: { start: seams.start },
  filesApi: { file: seams.file, list: seams.list, remove: seams.remove },
}))
let online = () => {}
vi.stubGlobal('window', {
  addEventListener: (_: string, listener: () => void) => (online = listener),
  removeEventListener: () => {},
})
const { default: LongUploadBox } = await import('../../../src/components/files/LongUploadBox.vue')

const GB = 1024 ** 3
const FILE = { name: '浮力.mp4', size: 2 * GB }
const VIDEO = { duration_s: 2400, video_codec: 'h264', audio_codec: 'aac', plays: true }
const INFO = { file_id: 'f1', purpose: 'video', state: 'ready', ...FILE, video: VIDEO } as FileInfo
let page: MemoryPage
let told: unknown[]

const listener = () => seams.start.mock.lastCall?.[2] as TransferListener
const drop = (...files: ChosenFile[]) => page.fire('long-upload', 'onDrop', dropped(files))
const dropped = (files: ChosenFile[]) => ({ preventDefault() {}, dataTransfer: { files } })

async function open(): Promise<void> {
  page = new MemoryPage(LongUploadBox, {
    purpose: 'video',
    accept: 'video/*',
    mostBytes: 8 * GB,
    onReady: (file: FileInfo) => told.push(file),
    onCleared: () => told.push('cleared'),
  })
  await page.settle()
}

beforeEach(() => {
  told = []
  vi.resetAllMocks()
  seams.start.mockReturnValue({ cancel: seams.cancel, pause: seams.pause, resume: seams.resume })
  seams.cancel.mockResolvedValue(undefined)
  seams.pause.mockResolvedValue(undefined)
  seams.list.mockResolvedValue({ files: [] })
  seams.file.mockResolvedValue(INFO)
  seams.remove.mockResolvedValue(undefined)
})
afterEach(() => page.leave())

it('shows progress, pauses, goes on, and tells of the file', async () => {
  await open()
  expect(page.words).toContain('不超过 8 GB')
  await drop(FILE)
  listener().sent(GB)
  await page.settle()
  expect(page.words).toContain('1 GB / 2 GB')
  expect(page.role('progressbar')?.props).toMatchObject({ 'aria-valuenow': 50, 'aria-label': '上传进度' })
  await page.fire('long-upload-pause', 'onClick')
  expect(page.role('status')?.words).toContain('已暂停')
  await page.fire('long-upload-resume', 'onClick')
  expect(seams.resume).toHaveBeenCalledOnce()
  listener().done('f1')
  await page.settle()
  expect(told).toEqual([INFO])
  expect(page.role('status')?.words).toContain('浮力.mp4 已就绪（2 GB，40 分钟）')
})

it('says that the line is down, and goes on when it is back', async () => {
  await open()
  await drop(FILE)
  listener().failed(new ApiError(0, 'network', '', null))
  await page.settle()
  expect(page.role('status')?.words).toContain('线路中断，恢复后会自动继续')
  online()
  expect(seams.resume).toHaveBeenCalledOnce()
})

it('says in words why a video was refused', async () => {
  seams.file.mockResolvedValue({
    ...INFO,
    state: 'refused',
    problem: { code: 'video_codec', facts: { codec: 'mpeg2video' } },
  })
  await open()
  await drop(FILE)
  listener().done('f1')
  await page.settle()
  expect(page.role('alert')?.words).toContain('浮力.mp4 没有上传成功：不支持这种编码（mpeg2video）')
  expect(told).toEqual([])
})

it('names codecs that no browser plays', async () => {
  seams.file.mockResolvedValue({ ...INFO, video: { ...VIDEO, video_codec: 'hevc', plays: false } })
  await open()
  await drop(FILE)
  listener().done('f1')
  await page.settle()
  expect(page.find('long-upload-unplayable')?.words).toContain('hevc + aac')
})

it('tells after a reload what can be gone on with', async () => {
  seams.list.mockResolvedValue({
    files: [
      { ...INFO, file_id: 'f2', state: 'coming', received: GB / 2 },
      { ...INFO, file_id: 'f3', state: 'coming', received: 5, purpose: 'import_workbook' },
    ],
  })
  await open()
  expect(page.find('long-upload-unfinished')?.words).toContain('浮力.mp4 25%')
  expect(page.words).toContain('请再选一次这个文件')
})

it('follows a video that is still checked', async () => {
  seams.list.mockResolvedValue({ files: [{ ...INFO, state: 'checking' }] })
  await open()
  expect(page.role('status')?.words).toContain('正在检查 浮力.mp4')
})

it('leaves what came where it is when the page is left, and discards it when asked', async () => {
  await open()
  await drop(FILE)
  page.leave()
  expect(seams.pause).toHaveBeenCalledOnce()
  expect(seams.cancel).not.toHaveBeenCalled()
  await open()
  await drop(FILE)
  await page.fire('long-upload-cancel', 'onClick')
  expect(seams.cancel).toHaveBeenCalledOnce()
})
