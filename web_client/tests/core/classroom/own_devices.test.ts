import { describe, expect, it } from 'vitest'
import { readiness, stageMark } from '../../../src/core/classroom/own_devices'
import type { Devices, DeviceState } from '../../../src/core/base/wire'

const devices = (camera: DeviceState, microphone: DeviceState): Devices => ({ camera, microphone, loudspeaker: 'unknown' })

describe("a classroom's own devices", () => {
  it('never say that a room is heard whose microphone gives nothing', () => {
    expect(stageMark(false, devices('ok', 'ok'))).toBe('speaking')
    expect(stageMark(true, devices('ok', 'missing'))).toBe('muted')
    for (const state of ['missing', 'denied', 'busy', 'silent'] as const) {
      expect(stageMark(false, devices('ok', state))).toBe('unheard')
      expect(stageMark(false, devices(state, 'ok'))).toBe('unseen')
    }
  })

  it('are ready only when both work', () => {
    expect(readiness(devices('ok', 'ok'))).toBe('all')
    expect(readiness(devices('ok', 'denied'))).toBe('no_microphone')
    expect(readiness(devices('missing', 'ok'))).toBe('no_camera')
    expect(readiness(devices('missing', 'missing'))).toBe('none')
    expect(readiness(devices('unknown', 'ok'))).toBeNull()
  })
})
