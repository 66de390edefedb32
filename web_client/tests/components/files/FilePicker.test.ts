// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { FileInfo } from '../../../src/core/base/wire'
import type { ChosenFile, TransferListener } from '../../../src/core/files/upload'
import { MemoryPage } from '../../support/memory_page'

const seams = vi.hoisted(() => ({ start: vi.fn(), cancel: vi.fn(), file: vi.fn() }))
vi.mock('../../../src/browser/files/api', () => ({
  fileTransfer: { start: seams.start },
  filesApi: { file: seams.file },
}))
const { default: FilePicker } = await import('../../../src/components/files/FilePicker.vue')

const FILE = { name: '课表.xlsx', size: 1_500_000 }
const INFO = { file_id: 'f1', ...FILE } as FileInfo
let page: MemoryPage
let told: unknown[]

const listener = () => seams.start.mock.lastCall?.[2] as TransferListener
const drop = (...files: ChosenFile[]) => page.fire('file-picker', 'onDrop', dropped(files))
const dropped = (files: ChosenFile[]) => ({ preventDefault() {}, dataTransfer: { files } })

function open(more: object = {}): void {
  page = new MemoryPage(FilePicker, {
    purpose: 'import_workbook',
    accept: '.xlsx',
    mostBytes: 2_000_000,
    onUploaded: (file: FileInfo) => told.push(file),
    onCleared: () => told.push('cleared'),
    ...more,
  })
}

beforeEach(() => {
  told = []
  vi.resetAllMocks()
  seams.start.mockReturnValue({ cancel: seams.cancel })
  seams.file.mockResolvedValue(INFO)
})
afterEach(() => page.leave())

it('says how large a file may be, and which kinds are taken', () => {
  open()
  expect(page.words).toContain('不超过 1.9 MB')
  expect(page.find('file-input')?.props.accept).toBe('.xlsx')
})

it('uploads a file that was dropped, and shows how far it is', async () => {
  open()
  await drop(FILE)
  listener().sent(750_000)
  await page.settle()
  expect(page.words).toContain('正在上传 课表.xlsx')
  expect(page.role('progressbar')?.props).toMatchObject({ 'aria-valuenow': 50, 'aria-label': '上传进度' })
  listener().done('f1')
  await page.settle()
  expect(told).toEqual([INFO])
  expect(page.words).toContain('已上传 课表.xlsx（1.4 MB）')
})

it('cancels', async () => {
  open()
  await drop(FILE)
  await page.fire('file-cancel', 'onClick')
  expect(seams.cancel).toHaveBeenCalledOnce()
  expect(page.find('file-choose')).toBeDefined()
  expect(told).toEqual([])
})

it('ends an upload with its page', async () => {
  open()
  await drop(FILE)
  page.leave()
  expect(seams.cancel).toHaveBeenCalledOnce()
  open()
})

it('says why a file was not taken, and takes another', async () => {
  open()
  await drop(FILE)
  listener().failed(new ApiError(422, 'file_kind_refused', '', null))
  await page.settle()
  expect(page.role('alert')?.words).toContain('课表.xlsx 没有上传成功：不支持这种文件')
  await drop({ ...FILE, size: 2_000_001 })
  expect(page.role('alert')?.words).toContain('文件太大')
  expect(seams.start).toHaveBeenCalledOnce()
})

it('tells that the file is another one from now on', async () => {
  open()
  await drop(FILE)
  listener().done('f1')
  await page.settle()
  await drop(FILE)
  expect(told).toEqual([INFO, 'cleared'])
})

it('takes one file, and none while it is disabled', async () => {
  open()
  await drop(FILE, FILE)
  expect(page.role('alert')?.words).toContain('一次只能选择一个文件')
  page.leave()
  open({ disabled: true })
  await drop(FILE)
  expect(seams.start).not.toHaveBeenCalled()
})
