import { describe, expect, it } from 'vitest'
import type { SoundFacts, SoundState } from '../../../../src/core/media/devices/sound_truth'
import {
  BLOCKED_AFTER_S,
  DEAD_AFTER_S,
  isUnheard,
  NOT_SENT_AFTER_S,
  QUIET_AFTER_S,
  reported,
  SoundJudge,
} from '../../../../src/core/media/devices/sound_truth'

const SPEECH = 0.1
const ROOM = 0.001

/** A microphone whose seconds are counted; packets go on unless a test holds them. */
class Lesson {
  readonly judge: SoundJudge
  private packets = 0
  constructor(quietAfterS?: number) {
    this.judge = new SoundJudge(quietAfterS)
  }
  seconds(count: number, changes: Partial<SoundFacts> = {}): SoundState {
    for (let n = 0; n < count; n += 1) {
      this.packets += 50
      this.judge.see({
        microphone: 'ok',
        blocked: false,
        publishing: true,
        paused: false,
        packets: this.packets,
        rms: SPEECH,
        ...changes,
      })
    }
    return this.judge.state
  }
}

describe('whether the lesson hears us', () => {
  it.each(['denied', 'missing', 'busy', 'insecure', 'off'] as const)('not with a microphone that is %s', (microphone) => {
    expect(new Lesson().seconds(1, { microphone, rms: null })).toBe(microphone)
    expect(isUnheard(microphone)).toBe(true)
  })

  it('yes, as soon as somebody speaks', () => {
    const lesson = new Lesson()
    expect(lesson.seconds(1)).toBe('heard')
    expect(isUnheard('heard')).toBe(false)
  })

  it('not yet while the session opens: that is no fault of the microphone', () => {
    expect(new Lesson().seconds(30, { publishing: false, packets: null, rms: null })).toBe('starting')
    expect(isUnheard('starting')).toBe(false)
  })

  it('not with a device that gives true silence', () => {
    const lesson = new Lesson()
    expect(lesson.seconds(DEAD_AFTER_S - 1, { rms: 0 })).toBe('heard')
    expect(lesson.seconds(1, { rms: 0 })).toBe('dead')
    expect(isUnheard('dead')).toBe(true)
    expect(lesson.seconds(1, { rms: ROOM })).toBe('heard')
  })

  it('not when the system muted it, unless for a moment', () => {
    const lesson = new Lesson()
    expect(lesson.seconds(BLOCKED_AFTER_S - 1, { blocked: true })).toBe('heard')
    expect(lesson.seconds(1, { blocked: true })).toBe('blocked')
    expect(lesson.seconds(1)).toBe('heard')
  })

  it('not when the browser sends nothing', () => {
    const lesson = new Lesson()
    lesson.seconds(1, { packets: 7 })
    expect(lesson.seconds(NOT_SENT_AFTER_S - 1, { packets: 7 })).toBe('heard')
    expect(lesson.seconds(1, { packets: 7 })).toBe('not_sent')
    expect(lesson.seconds(1)).toBe('heard')
  })

  it('does not blame a sender that the server paused', () => {
    expect(new Lesson().seconds(60, { packets: 7, paused: true })).toBe('heard')
  })

  it('says after two minutes that nobody spoke, and forgets it with the first word', () => {
    const lesson = new Lesson()
    expect(lesson.seconds(QUIET_AFTER_S - 1, { rms: ROOM })).toBe('heard')
    expect(lesson.seconds(1, { rms: ROOM })).toBe('quiet')
    expect(isUnheard('quiet')).toBe(false)
    expect(lesson.seconds(1)).toBe('heard')
  })

  it('does not count silence while the microphone was off', () => {
    const lesson = new Lesson()
    lesson.seconds(QUIET_AFTER_S - 1, { rms: ROOM })
    lesson.seconds(5, { microphone: 'off', rms: 0 })
    expect(lesson.seconds(5, { rms: ROOM })).toBe('heard')
  })

  it('lets a classroom listen in silence', () => {
    expect(new Lesson(Infinity).seconds(QUIET_AFTER_S * 2, { rms: ROOM })).toBe('heard')
  })

  it('judges no level where the browser measures none', () => {
    expect(new Lesson().seconds(QUIET_AFTER_S * 2, { rms: null })).toBe('heard')
  })

  it('tells the others of a microphone that is there and gives nothing', () => {
    expect(reported('ok', 'dead')).toBe('silent')
    expect(reported('ok', 'quiet')).toBe('ok')
    expect(reported('off', 'off')).toBe('off')
    expect(reported('denied', 'denied')).toBe('denied')
  })
})
