import { describe, expect, it } from 'vitest'
import { arrangement, barShare, cast, correction, fileAfter, fileAt, fileSeenAt, hasAhead, hasPicture, MasterClock, onStageAt, picturedAt, playedOf, soundlessS } from '../../../src/core/library/playback'
import type { RecordingDetail, RecordingSource } from '../../../src/core/base/wire'

function source(id: string, kind: string, lead: boolean, files: [number, number][]): RecordingSource {
  return {
    source_id: id,
    kind,
    name: id,
    lead,
    files: files.map(([offset_s, duration_s], n) => ({
      url: `/${id}-${n}.mp4`,
      mime: 'video/mp4',
      offset_s,
      duration_s,
      width: null,
      height: null,
      has_audio: true,
      has_video: true,
    })),
    spans: [],
    gaps: [],
    damaged: false,
    storyboard_url: null,
    waveform_url: null,
  }
}

describe('what there must be before playing begins', () => {
  const ranges = (...spans: [number, number][]) => ({
    length: spans.length,
    start: (number: number) => spans[number]?.[0] ?? NaN,
    end: (number: number) => spans[number]?.[1] ?? NaN,
  })
  it('is more than a segment from there on', () => {
    expect(hasAhead(ranges([0, 4]), 0, 60)).toBe(false)
    expect(hasAhead(ranges([0, 8]), 0, 60)).toBe(true)
    expect(hasAhead(ranges([0, 8]), 4, 60)).toBe(false)
    expect(hasAhead(ranges(), 0, 60)).toBe(false)
  })
  it('is in one piece', () => {
    expect(hasAhead(ranges([0, 4], [5, 20]), 1, 60)).toBe(false)
    expect(hasAhead(ranges([0, 4], [5, 20]), 6, 60)).toBe(true)
  })
  it('is the rest of what ends sooner', () => {
    expect(hasAhead(ranges([0, 20]), 18, 20)).toBe(true)
    expect(hasAhead(ranges([0, 19]), 18, 20)).toBe(false)
  })
})

describe('finding the place', () => {
  const camera = source('lead.camera', 'camera', true, [[0.5, 10], [20, 5]])
  it('takes the file that covers the moment, and none in a gap', () => {
    expect(fileAt(camera, 0.4)).toBeNull()
    expect(fileAt(camera, 0.5)?.url).toBe('/lead.camera-0.mp4')
    expect(fileAt(camera, 15)).toBeNull()
    expect(fileAt(camera, 24.9)?.url).toBe('/lead.camera-1.mp4')
    expect(fileAt(camera, 25)).toBeNull()
  })

  it('names the file that begins next', () => {
    expect(fileAfter(camera, 0)?.url).toBe('/lead.camera-0.mp4')
    expect(fileAfter(camera, 15)?.url).toBe('/lead.camera-1.mp4')
    expect(fileAfter(camera, 20)).toBeNull()
  })

  it('sees what begins within half a second, so that its picture has its place from the start', () => {
    const late = source('lead.courseware', 'courseware', true, [[0.04, 10], [10.5, 5], [20, 5]])
    expect(fileSeenAt(late, 0)?.url).toBe('/lead.courseware-0.mp4')
    expect(fileSeenAt(late, 10.04)?.url).toBe('/lead.courseware-1.mp4') // a short break moves nothing
    expect([15.5, 19.4, 19.5, 25].map((at) => fileSeenAt(late, at)?.url ?? null)).toEqual([null, null, '/lead.courseware-2.mp4', null])
    expect([0, 19.4, 25].map((at) => picturedAt(late, at))).toEqual([true, false, false])
    expect(picturedAt(null, 0)).toBe(false)
  })
  it('casts the sources by their parts', () => {
    const courseware = source('lead.courseware', 'courseware', true, [])
    const room = source('room-a.camera', 'camera', false, [[3, 4]])
    const parts = cast({ sources: [room, courseware, camera] } as unknown as RecordingDetail)
    expect(parts.camera).toBe(camera)
    expect(parts.courseware).toBeNull() // it left no file
    expect(parts.rooms).toEqual([room])
    const stage = [{ participant_id: 'room-a', name: '山泉', start_s: 3, end_s: 5 }]
    expect([2.9, 3, 4.9, 5].map((at) => onStageAt(stage, room, at))).toEqual([false, true, true, false])
    expect(onStageAt(stage, camera, 4)).toBe(false)
  })
})

describe('what viewers get', () => {
  const camera = { ...source('lead.camera', 'camera', true, [[0, 10]]), storyboard_url: '/board.vtt' }
  const detail = { sources: [camera], stage: [], summary: { duration_s: 10 } } as unknown as RecordingDetail
  const edits = { hidden_sources: [], hidden_pictures: ['lead.camera'] }

  it('keeps the sound of a hidden picture, though one file holds both', () => {
    const [heard] = playedOf(detail, edits).sources
    expect(heard?.files.map(({ url, has_audio, has_video }) => [url, has_audio, has_video])).toEqual([['/lead.camera-0.mp4', true, false]])
    expect([hasPicture(heard ?? null), picturedAt(heard ?? null, 5), heard?.storyboard_url]).toEqual([false, false, null])
    expect([hasPicture(camera), picturedAt(camera, 5), picturedAt(camera, 11)]).toEqual([true, true, false])
  })

  it('leaves out what is hidden, and shows all without edits', () => {
    expect(playedOf(detail, { hidden_sources: ['lead.camera'], hidden_pictures: [] }).sources).toEqual([])
    expect(playedOf(detail).sources).toEqual([camera])
  })
})

describe('keeping in step', () => {
  it('leaves alone what nobody sees, pulls a little, and jumps over much', () => {
    expect(correction(10.03, 10, 1, true)).toEqual({ kind: 'keep' })
    expect(correction(10.125, 10, 1, true)).toEqual({ kind: 'pull', rate: 0.9375 })
    expect(correction(9.875, 10, 2, true)).toEqual({ kind: 'pull', rate: 2.125 })
    expect(correction(10.4, 10, 1, true)).toEqual({ kind: 'seek', to: 10 })
  })

  it('never changes the pitch of the one that leads', () => {
    expect(correction(10.2, 10, 1, false)).toEqual({ kind: 'keep' })
  })

  it('converges from any drift below the jump, at every speed', () => {
    for (const rate of [0.75, 1, 2]) {
      for (const start of [-0.29, -0.1, 0.1, 0.29]) {
        let actual = start
        let target = 0
        for (let tick = 0; tick < 100; tick += 1) {
          const step = correction(actual, target, rate, true)
          actual += 0.1 * (step.kind === 'pull' ? step.rate : rate)
          target += 0.1 * rate
        }
        expect(Math.abs(actual - target)).toBeLessThanOrEqual(0.041)
      }
    }
  })
})

describe('the master clock', () => {
  it('runs, pauses, changes speed and stops at the end', () => {
    const clock = new MasterClock(60)
    clock.play(0)
    expect(clock.position(2000)).toBeCloseTo(2)
    clock.setRate(2, 2000)
    expect(clock.position(4000)).toBeCloseTo(6)
    clock.pause(4000)
    expect(clock.position(9000)).toBeCloseTo(6)
    clock.moveTo(59, 9000)
    clock.play(9000)
    expect(clock.ended(9400)).toBe(false)
    expect(clock.ended(9500)).toBe(true)
    expect(clock.position(99_000)).toBe(60)
  })

  it('starts over when it is played at its end', () => {
    const clock = new MasterClock(10)
    clock.moveTo(10, 0)
    clock.play(0)
    expect(clock.position(1000)).toBeCloseTo(1)
  })
})

it('shows spans as shares of the bar, never outside it', () => {
  expect(barShare({ start_s: 15, end_s: 30 }, 60)).toEqual({ left: 25, width: 25 })
  expect(barShare({ start_s: -5, end_s: 90 }, 60)).toEqual({ left: 0, width: 100 })
  expect(barShare({ start_s: 0, end_s: 1 }, 0)).toEqual({ left: 0, width: 0 })
})

it('gives a picture without company the whole place', () => {
  const both = { camera: true, courseware: true }
  expect(arrangement('courseware', 'camera', both)).toEqual({ layout: 'courseware', alone: null })
  expect(arrangement('courseware', 'camera', { camera: true, courseware: false })).toEqual({ layout: 'single', alone: 'camera' })
  expect(arrangement('camera', 'camera', { camera: false, courseware: true })).toEqual({ layout: 'single', alone: 'courseware' })
  expect(arrangement('single', 'courseware', both)).toEqual({ layout: 'single', alone: 'courseware' })
})

describe('a recording without the teacher’s sound', () => {
  const file = (offset_s: number, duration_s: number, has_audio: boolean) => ({
    url: '',
    mime: 'video/mp4',
    offset_s,
    duration_s,
    width: 1280,
    height: 720,
    has_audio,
    has_video: true,
  })
  const lesson = (...files: ReturnType<typeof file>[]) =>
    ({
      summary: { duration_s: 600 },
      sources: [{ lead: true, files }, { lead: false, files: [file(0, 600, true)] }],
    }) as unknown as Parameters<typeof soundlessS>[0]

  it('tells how much of it, whoever else was heard', () => {
    expect(soundlessS(lesson(file(0, 600, false)))).toBe(600)
    expect(soundlessS(lesson(file(0, 200, false), file(200, 400, true)))).toBe(200)
    expect(soundlessS(lesson(file(0, 400, true), file(200, 300, true)))).toBe(100)
  })

  it('says nothing of a moment', () => {
    expect(soundlessS(lesson(file(30, 570, true)))).toBe(0)
  })
})
