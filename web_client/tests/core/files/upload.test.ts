import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { FileInfo } from '../../../src/core/base/wire'
import { Upload, type ChosenFile, type TransferListener, type UploadState } from '../../../src/core/files/upload'

const settled = () => new Promise((resolve) => setTimeout(resolve))
const FILE = { name: '课表.xlsx', size: 1000 }

describe('an upload', () => {
  let begun: { file: ChosenFile; listener: TransferListener; cancelled: boolean }[]
  let states: UploadState[]
  let file: (fileId: string) => Promise<FileInfo>
  let upload: Upload<ChosenFile>

  beforeEach(() => {
    begun = []
    states = []
    file = (fileId) => Promise.resolve({ file_id: fileId, name: FILE.name } as FileInfo)
    const transfer = {
      start(file: ChosenFile, _purpose: string, listener: TransferListener) {
        const one = { file, listener, cancelled: false }
        begun.push(one)
        return {
          cancel: async () => {
            one.cancelled = true
          },
        }
      },
    }
    upload = new Upload(transfer, { file: (fileId) => file(fileId) }, 'import_workbook', 2000, (state) =>
      states.push(state),
    )
  })

  it('tells its progress, and in the end the file as the server has it', async () => {
    upload.choose(FILE)
    begun[0]?.listener.sent(555)
    begun[0]?.listener.done('f1')
    await settled()
    expect(states).toMatchObject([
      { step: 'sending', percent: 0 },
      { step: 'sending', percent: 55 },
      { step: 'ready', file: { file_id: 'f1' } },
    ])
  })

  it.each([
    [{ name: 'a', size: 0 }, 'file_empty'],
    [{ name: 'a', size: 2001 }, 'file_too_large'],
  ])('does not begin with %o', (chosen, code) => {
    upload.choose(chosen)
    expect(begun).toEqual([])
    expect(states).toMatchObject([{ step: 'failed', failure: { code } }])
  })

  it('says why it failed', async () => {
    const refused = new ApiError(422, 'file_kind_refused', '', null)
    upload.choose(FILE)
    begun[0]?.listener.failed(refused)
    expect(states.at(-1)).toEqual({ step: 'failed', name: FILE.name, failure: refused })
    const away = new ApiError(0, 'network', '', null)
    file = () => Promise.reject(away)
    upload.choose(FILE)
    begun[1]?.listener.done('f1')
    await settled()
    expect(states.at(-1)).toEqual({ step: 'failed', name: FILE.name, failure: away })
  })

  it('is cancelled, and nothing that comes later counts', async () => {
    upload.choose(FILE)
    upload.clear()
    begun[0]?.listener.sent(999)
    begun[0]?.listener.done('f1')
    begun[0]?.listener.failed(new ApiError(0, 'network', '', null))
    await settled()
    expect(begun[0]?.cancelled).toBe(true)
    expect(states.at(-1)).toEqual({ step: 'empty' })
  })

  it('gives way to another file', async () => {
    upload.choose(FILE)
    upload.choose({ ...FILE, name: '人员.xlsx' })
    begun[0]?.listener.done('f1')
    begun[1]?.listener.done('f2')
    await settled()
    expect(begun.map((one) => one.cancelled)).toEqual([true, false])
    expect(states.at(-1)).toMatchObject({ step: 'ready', file: { file_id: 'f2' } })
  })

  it('is not cancelled any more once the server has the file', async () => {
    upload.choose(FILE)
    begun[0]?.listener.done('f1')
    await settled()
    upload.clear()
    expect(begun[0]?.cancelled).toBe(false)
  })
})
