import { describe, expect, it } from 'vitest'
import { MOST_REMEMBERED, remember, rememberedOf, resumeAt } from '../../../src/core/library/resume'

describe('where one stopped', () => {
  it('is a little before, next time', () => {
    const all = remember([], 'r1', 300.4, 1000)
    expect(resumeAt(all, 'r1', 1000)).toBe(297)
    expect(resumeAt(all, 'r2', 1000)).toBe(0)
  })

  it('is forgotten when it was hardly begun or is nearly over', () => {
    const all = remember([], 'r1', 300, 1000)
    expect(remember(all, 'r1', 4, 1000)).toEqual([])
    expect(remember(all, 'r1', 990, 1000)).toEqual([])
  })

  it('is no place in a version that has become shorter', () => {
    expect(resumeAt(remember([], 'r1', 300, 1000), 'r1', 310)).toBe(0)
  })

  it('is kept for the last ones only', () => {
    let all = remember([], 'first', 50, 100)
    for (let n = 0; n < MOST_REMEMBERED; n += 1) all = remember(all, `r${n}`, 50, 100)
    expect(all.length).toBe(MOST_REMEMBERED)
    expect(resumeAt(all, 'first', 100)).toBe(0)
  })

  it('is nothing where the browser holds something else', () => {
    expect(rememberedOf(null)).toEqual([])
    expect(rememberedOf('{')).toEqual([])
    expect(rememberedOf('{"a":1}')).toEqual([])
    expect(rememberedOf('[1,null,{"id":"r","at":-1},{"id":"r","at":"x"},{"id":"ok","at":30}]')).toEqual([{ id: 'ok', at: 30 }])
  })
})
