import { describe, expect, it } from 'vitest'
import { spansOf, Watched } from '../../../src/core/resource_push/watched'

function watch(watched: Watched, from: number, to: number): void {
  for (let at = from; at <= to; at += 0.5) watched.see(at, true)
  watched.see(to, false)
}

describe('watched seconds', () => {
  it('count while it plays', () => {
    const watched = new Watched()
    watch(watched, 0, 60)
    expect(watched.seconds).toBeCloseTo(60)
  })

  it('count once, however often they are played', () => {
    const watched = new Watched()
    watch(watched, 0, 60)
    watch(watched, 30, 90)
    expect(watched.seconds).toBeCloseTo(90)
  })

  it('do not count what was jumped over', () => {
    const watched = new Watched()
    watch(watched, 0, 10)
    watch(watched, 100, 110)
    expect(watched.seconds).toBeCloseTo(20)
    watched.see(110, true)
    watched.see(300, true) // a jump while it plays
    watched.see(301, true)
    expect(watched.seconds).toBeCloseTo(21)
  })

  it('do not count while it stands still', () => {
    const watched = new Watched()
    watched.see(0, false)
    watched.see(1, false)
    watched.see(2, true)
    expect(watched.seconds).toBe(0)
  })

  it('go on after a reload, and ignore what is not theirs', () => {
    const watched = new Watched()
    watch(watched, 0, 10)
    const again = new Watched(spansOf(JSON.parse(JSON.stringify(watched.kept))))
    expect(again.seconds).toBeCloseTo(10)
    expect(spansOf([[1, 2], ['a', 3], null, [1]])).toEqual([[1, 2]])
    expect(spansOf('x')).toEqual([])
  })
})
