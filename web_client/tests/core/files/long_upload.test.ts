import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/core/base/rest'
import type { FileInfo } from '../../../src/core/base/wire'
import { LongUpload, type LongUploadState } from '../../../src/core/files/long_upload'
import type { ChosenFile, TransferListener } from '../../../src/core/files/upload'
import { VirtualClock } from '../../support/virtual_clock'

const FILE = { name: '浮力.mp4', size: 1000 }
const AWAY = new ApiError(0, 'network', '', null)
const info = (more: Partial<FileInfo>) => ({ file_id: 'f1', name: FILE.name, size: 900, ...more }) as FileInfo
const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('a long upload', () => {
  let clock: VirtualClock
  let listeners: TransferListener[]
  let did: string[]
  let states: LongUploadState[]
  let answers: (FileInfo | ApiError)[]
  let upload: LongUpload<ChosenFile>

  const last = () => states[states.length - 1]

  beforeEach(() => {
    clock = new VirtualClock()
    listeners = []
    did = []
    states = []
    answers = []
    const transfer = {
      start(file: ChosenFile, _purpose: string, listener: TransferListener) {
        listeners.push(listener)
        did.push(`start ${file.name}`)
        return {
          pause: async () => void did.push('pause'),
          resume: () => did.push('resume'),
          cancel: async () => void did.push('cancel'),
        }
      },
    }
    const file = async () => {
      const answer = answers.shift() ?? info({ state: 'checking' })
      if (answer instanceof ApiError) throw answer
      return answer
    }
    upload = new LongUpload(transfer, { file }, clock, 'video', 2000, (state) => states.push(state))
  })

  it('tells how far it is, how fast, and how long it will take', async () => {
    upload.choose(FILE)
    await clock.advance(2000)
    listeners[0]?.sent(400)
    expect(last()).toMatchObject({ step: 'sending', sent: 400, percent: 40, bytesPerS: 200, leftS: 3 })
  })

  it('pauses and goes on, and what comes meanwhile does not count', async () => {
    upload.choose(FILE)
    upload.pause()
    listeners[0]?.sent(900)
    expect(last()).toMatchObject({ step: 'paused', failure: null, sent: 0 })
    upload.online() // a person who paused is not overruled
    expect(did).toEqual(['start 浮力.mp4', 'pause'])
    upload.resume()
    expect(last()).toMatchObject({ step: 'sending', bytesPerS: null })
    expect(did).toEqual(['start 浮力.mp4', 'pause', 'resume'])
  })

  it('waits for a line that is down, and goes on by itself', async () => {
    upload.choose(FILE)
    listeners[0]?.sent(500)
    listeners[0]?.failed(AWAY)
    expect(last()).toMatchObject({ step: 'paused', failure: { code: 'network' }, percent: 50 })
    await clock.advance(30_000)
    expect(last()).toMatchObject({ step: 'sending', sent: 500 })
    listeners[0]?.failed(AWAY)
    upload.online()
    expect(did.filter((one) => one === 'resume')).toHaveLength(2)
    await clock.advance(60_000)
    expect(did.filter((one) => one === 'resume')).toHaveLength(2)
  })

  it('ends with a refusal', async () => {
    upload.choose(FILE)
    listeners[0]?.failed(new ApiError(507, 'storage_full', '', null))
    expect(last()).toMatchObject({ step: 'failed', failure: { code: 'storage_full' } })
  })

  it('follows the check to its end', async () => {
    upload.choose(FILE)
    answers = [info({ state: 'checking' }), AWAY, info({ state: 'ready' })]
    listeners[0]?.done('f1')
    await settled()
    expect(last()).toMatchObject({ step: 'checking', trouble: null })
    await clock.advance(2000)
    await settled()
    expect(last()).toMatchObject({ step: 'checking', trouble: { code: 'network' } })
    await clock.advance(2000)
    await settled()
    expect(last()).toMatchObject({ step: 'ready', file: { file_id: 'f1' } })
  })

  it('says why the check refused the file', async () => {
    upload.choose(FILE)
    answers = [info({ state: 'refused', problem: { code: 'video_codec', facts: { codec: 'mpeg2video' } } })]
    listeners[0]?.done('f1')
    await settled()
    expect(last()).toMatchObject({ step: 'failed', failure: { code: 'video_codec', facts: { codec: 'mpeg2video' } } })
  })

  it('leaves the bytes on the server when the page or the file changes, and takes them away when asked', async () => {
    upload.choose(FILE)
    upload.choose({ ...FILE, name: '密度.mp4' })
    upload.leave()
    expect(did).toEqual(['start 浮力.mp4', 'pause', 'start 密度.mp4', 'pause'])
    upload.choose(FILE)
    upload.pause()
    upload.clear()
    expect(did.slice(-2)).toEqual(['pause', 'cancel'])
    expect(last()).toEqual({ step: 'empty' })
  })

  it.each([
    [{ name: 'a', size: 0 }, 'file_empty'],
    [{ name: 'a', size: 2001 }, 'file_too_large'],
  ])('does not begin with %o', (chosen, code) => {
    upload.choose(chosen)
    expect(did).toEqual([])
    expect(last()).toMatchObject({ step: 'failed', failure: { code } })
  })

  it('goes on with a file that is still checked', async () => {
    upload.follow(info({ state: 'checking' }))
    answers = [info({ state: 'ready' })]
    await clock.advance(2000)
    await settled()
    expect(last()).toMatchObject({ step: 'ready' })
  })
})
