import { expect, it } from 'vitest'
import { bars, outline, waveformOf } from '../../../src/core/library/waveform'

it('reads the file, and nothing else', () => {
  expect(waveformOf('{"per_s":10.0,"peaks":[0,255],"version":1}')).toEqual({ perS: 10, peaks: [0, 255] })
  for (const text of ['', '<html>', '[]', 'null', '{"per_s":0,"peaks":[]}', '{"per_s":1,"peaks":"x"}']) {
    expect(waveformOf(text)).toBeNull()
  }
})

it('shows the loudest of each part', () => {
  const waveform = { perS: 10, peaks: [0, 0, 255, 0, 0, 51, 0, 0, 0, 0] }
  expect(bars(waveform, 1, 2)).toEqual([1, 0.2])
  expect(bars(waveform, 2, 4)).toEqual([1, 0.2, 0, 0])
  expect(bars(waveform, 1, 20)).toHaveLength(20)
})

it('draws an outline around the middle', () => {
  expect(outline([0, 1])).toBe('M0,1L1,0L1,2L0,1Z')
  expect(outline([])).toBe('')
})
