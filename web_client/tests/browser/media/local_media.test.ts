import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import type { LocalMedia } from '../../../src/browser/media/local_media'

type Kind = 'audio' | 'video'

class FakeTrack {
  stopped = false
  enabled = true
  muted = false
  contentHint = ''
  onended: (() => void) | null = null
  onmute: (() => void) | null = null
  onunmute: (() => void) | null = null
  constructor(
    readonly kind: Kind,
    readonly deviceId: string,
  ) {}
  getSettings() {
    return { deviceId: this.deviceId }
  }
  stop(): void {
    this.stopped = true
  }
}

/** A computer with devices that come and go. */
class Computer {
  present: Record<Kind, string[]> = { audio: ['desk', 'built-in'], video: ['webcam'] }
  refusal: Partial<Record<Kind, string>> = {}
  asked = 0
  private changed: () => void = () => {}

  readonly mediaDevices = {
    getUserMedia: async (wish: Record<Kind, false | { deviceId?: { ideal: string } }>) => {
      this.asked += 1
      const kinds = (['video', 'audio'] as const).filter((kind) => wish[kind] !== false)
      for (const kind of kinds) {
        const name = this.refusal[kind] ?? (this.present[kind].length === 0 ? 'NotFoundError' : null)
        if (name !== null) throw new DOMException('refused', name)
      }
      const tracks = kinds.map((kind) => {
        const one = wish[kind]
        const ideal = one === false ? undefined : one.deviceId?.ideal
        const ids = this.present[kind]
        return new FakeTrack(kind, ideal !== undefined && ids.includes(ideal) ? ideal : (ids[0] ?? ''))
      })
      return { getTracks: () => tracks }
    },
    enumerateDevices: async () =>
      (['video', 'audio'] as const).flatMap((kind) =>
        this.present[kind].map((deviceId) => ({ kind: `${kind}input`, deviceId, label: deviceId })),
      ),
    addEventListener: (_: string, listener: () => void) => (this.changed = listener),
    removeEventListener: () => {},
  }

  plug(kind: Kind, ids: string[]): Promise<unknown> {
    this.present[kind] = ids
    this.changed()
    return vi.advanceTimersByTimeAsync(1000)
  }
}

let computer: Computer
let scope: EffectScope
let local: LocalMedia

const track = (kind: Kind) => local.own[kind].track.value as unknown as FakeTrack | null
const states = () => [local.devices.value.camera, local.devices.value.microphone]

beforeEach(async () => {
  vi.useFakeTimers()
  computer = new Computer()
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {}, removeItem: () => {} })
  vi.stubGlobal('location', { search: '' })
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('navigator', { mediaDevices: computer.mediaDevices })
  const { useLocalMedia } = await import('../../../src/browser/media/local_media')
  scope = effectScope()
  local = scope.run(() => useLocalMedia(() => true)) as LocalMedia
})
afterEach(() => {
  scope.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('devices', () => {
  it('are told apart: forbidden, missing, held by another program', async () => {
    computer.refusal = { audio: 'NotAllowedError', video: 'NotReadableError' }
    await local.acquire()
    expect(states()).toEqual(['busy', 'denied'])
  })

  it('that another program let go are taken within seconds; a forbidden one is not asked for again', async () => {
    computer.refusal = { video: 'NotReadableError' }
    await local.acquire()
    expect(states()).toEqual(['busy', 'ok'])
    computer.refusal = {}
    await vi.advanceTimersByTimeAsync(5000)
    expect(states()).toEqual(['ok', 'ok'])
    const { asked } = computer
    await vi.advanceTimersByTimeAsync(60_000)
    expect(computer.asked).toBe(asked)
  })

  it('that were pulled out give way to others, and are taken again when they are back', async () => {
    await local.acquire()
    expect(track('audio')?.deviceId).toBe('desk')
    const held = track('audio')
    computer.present.audio = ['built-in']
    held?.onended?.()
    expect(states()[1]).toBe('missing')
    await vi.advanceTimersByTimeAsync(1000)
    expect(track('audio')?.deviceId).toBe('built-in')
    await computer.plug('audio', ['built-in', 'desk'])
    expect(track('audio')?.deviceId).toBe('desk')
    expect(states()[1]).toBe('ok')
  })

  it('stay as they are when another one is plugged in', async () => {
    await local.acquire()
    const held = track('audio')
    await computer.plug('audio', ['new', 'desk', 'built-in'])
    expect(track('audio')).toBe(held)
  })

  it('stay when the chosen one cannot be had, and the refusal is told', async () => {
    await local.acquire()
    const held = track('audio')
    computer.refusal = { audio: 'NotReadableError' }
    await local.choose('audio', 'built-in')
    expect(track('audio')).toBe(held)
    expect(held?.stopped).toBe(false)
    expect(states()[1]).toBe('ok')
    expect(local.refused.audio).toBe('busy')
  })
})

describe('a device that its person switched off', () => {
  it('is let go, if it is a camera, and taken again', async () => {
    await local.acquire()
    const held = track('video')
    await local.turn('video', false)
    expect(held?.stopped).toBe(true)
    expect(states()[0]).toBe('off')
    await computer.plug('video', ['webcam', 'other'])
    expect(track('video')).toBeNull()
    await local.turn('video', true)
    expect(states()[0]).toBe('ok')
    expect(track('video')?.stopped).toBe(false)
  })

  it('stays silent in another microphone', async () => {
    await local.acquire()
    await local.turn('audio', false)
    expect(track('audio')?.enabled).toBe(false)
    await local.choose('audio', 'built-in')
    expect(track('audio')).toMatchObject({ deviceId: 'built-in', enabled: false })
    expect(states()[1]).toBe('off')
    await local.turn('audio', true)
    expect(track('audio')?.enabled).toBe(true)
  })
})
