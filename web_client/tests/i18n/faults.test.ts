import { afterEach, describe, expect, it, vi } from 'vitest'
import 'vue-i18n' // before there is a document without elements
import { ApiError } from '../../src/core/base/rest'
import type { RecordingFailure } from '../../src/core/base/wire'
import { CommandFailed } from '../../src/core/classroom/control'

vi.stubGlobal('document', { documentElement: { lang: '' } })
const { i18n } = await import('../../src/i18n')
const { faultText, recordingFaultText } = await import('../../src/i18n/faults')

afterEach(() => {
  i18n.global.locale.value = 'zh-CN'
})

describe('the words for a failure', () => {
  it('are those of its code, in the language of the page', () => {
    const failure = new ApiError(409, 'too_many_logins', '服务器的话', null)
    expect(faultText(failure)).toBe('同时登录数已达上限，请先在其他设备上退出。')
    i18n.global.locale.value = 'en'
    expect(faultText(failure)).toBe('Signed in too often at once. Please sign out elsewhere first.')
  })

  it('hold the facts of the failure', () => {
    const failure = new ApiError(409, 'clash', '', null, null, { who: '王老师', lesson: '三年级音乐' })
    expect(faultText(failure)).toBe('这个时间已经有课（王老师：三年级音乐），请换个时间')
  })

  it.each([
    new ApiError(418, 'made_up', '服务器的话', 'title'),
    new CommandFailed('made_up', 'a sentence of the server'),
    new Error('a sentence of the browser'),
  ])('are never a sentence of the server or the browser: %s', (failure) => {
    expect(faultText(failure)).toBe('出了点问题，请再试一次。')
  })

  it.each([502, 503, 504])('say that no answer came where a proxy answers %i', (status) => {
    expect(faultText(new ApiError(status, `http_${status}`, '', null))).toBe('连不上服务器，请检查网络后重试。')
  })

  it('are the own ones of a server that answers and is busy', () => {
    expect(faultText(new ApiError(503, 'busy', '', null))).toBe('服务器正忙，请稍后再试。')
  })
})

describe('the words for a recording that failed', () => {
  it('say why, and whether it is tried again', () => {
    expect(recordingFaultText({ failure: 'nothing_recorded', retrying: false })).toBe('整理失败：没有收到任何画面和声音')
    expect(recordingFaultText({ failure: 'disk_full', retrying: true })).toBe(
      '整理失败：磁盘空间不足，尚未整理，原始录像已保留，将自动重试',
    )
  })

  it.each([null, 'made_up', '整理失败,原始录像已保留'])('know %s as a failure of some kind', (code) => {
    const failure = code as RecordingFailure | null // a newer server may name another one
    expect(recordingFaultText({ failure, retrying: false })).toBe('整理失败：出现意外错误，原始录像已保留')
  })
})
