import { describe, expect, it } from 'vitest'
import { Kept } from '../../../src/core/library/kept'

const span = (start_s: number, end_s: number) => ({ start_s, end_s })
/** A lesson of 100 s: the first ten, 40–60 and the last five are cut. */
const cut = new Kept([span(10, 40), span(60, 95)], 100)

describe('what is kept of a recording', () => {
  it('is all of it where nothing is named, and the server is told nothing', () => {
    const all = new Kept([], 100)
    expect(all.spans).toEqual([span(0, 100)])
    expect(all.whole).toBe(true)
    expect(all.keep).toEqual([])
    expect(new Kept([span(0, 100)], 100).keep).toEqual([])
  })

  it('is put in order, joined, and held within the recording', () => {
    const kept = new Kept([span(50, 120), span(-5, 20), span(15, 30), span(40, 40)], 100)
    expect(kept.spans).toEqual([span(0, 30), span(50, 100)])
    expect(kept.lengthS).toBe(80)
  })

  it('names what was taken away, and where', () => {
    expect(cut.removed).toEqual([
      { ...span(0, 10), where: 'start' },
      { ...span(40, 60), where: 'middle' },
      { ...span(95, 100), where: 'end' },
    ])
  })
})

describe('a player on kept spans', () => {
  it('jumps over cuts, and knows when it is over', () => {
    expect(cut.onward(0)).toBe(10)
    expect(cut.onward(25)).toBe(25)
    expect(cut.onward(40)).toBe(60)
    expect(cut.onward(59.9)).toBe(60)
    expect(cut.onward(95)).toBeNull()
    expect(cut.onward(99)).toBeNull()
  })

  it('tells viewers their own time, there and back', () => {
    expect(cut.lengthS).toBe(65)
    expect([0, 10, 39, 40, 50, 60, 61, 95, 100].map((at) => cut.toKept(at))).toEqual([0, 0, 29, 30, 30, 30, 31, 65, 65])
    expect([0, 29, 30, 31, 65, 99].map((at) => cut.toWhole(at))).toEqual([10, 39, 60, 61, 95, 95])
    for (let at = 0; at < cut.lengthS; at += 0.7) expect(cut.toKept(cut.toWhole(at))).toBeCloseTo(at)
  })

  it('shows of other spans only what can be seen', () => {
    const stage = [
      { ...span(30, 50), name: 'a' },
      { ...span(45, 55), name: 'b' },
      { ...span(50, 70), name: 'c' },
    ]
    expect(cut.seen(stage)).toEqual([
      { ...span(20, 30), name: 'a' },
      { ...span(30, 40), name: 'c' },
    ])
  })
})

describe('cutting', () => {
  const all = new Kept([], 100)

  it('takes a middle part out, whichever end came first', () => {
    expect(all.without(40, 60)?.spans).toEqual([span(0, 40), span(60, 100)])
    expect(all.without(60, 40)?.spans).toEqual([span(0, 40), span(60, 100)])
  })

  it('refuses a slip of the hand, and to leave nothing', () => {
    expect(all.without(40, 40.2)).toBeNull()
    expect(all.without(0, 100)).toBeNull()
    expect(all.startingAt(100)).toBeNull()
    expect(cut.endingAt(5)).toBeNull()
  })

  it('leaves no crumbs between two cuts', () => {
    expect(all.without(10, 20)?.without(20.3, 30)?.spans).toEqual([span(0, 10), span(30, 100)])
  })

  it('moves the start and the end, also back out', () => {
    expect(cut.startingAt(20)?.spans).toEqual([span(20, 40), span(60, 95)])
    expect(cut.startingAt(5)?.spans).toEqual([span(5, 40), span(60, 95)])
    expect(cut.startingAt(50)?.spans).toEqual([span(50, 95)])
    expect(cut.endingAt(99)?.spans).toEqual([span(10, 40), span(60, 99)])
    expect(cut.endingAt(50)?.spans).toEqual([span(10, 50)])
  })

  it('puts a part back', () => {
    expect(cut.withAgain(span(40, 60)).spans).toEqual([span(10, 95)])
    expect(all.without(40, 60)?.withAgain(span(40, 60)).whole).toBe(true)
  })

  it('moves one edge of a removed part, up to its neighbours', () => {
    expect(cut.moved(1, 'start_s', 35)?.spans).toEqual([span(10, 35), span(60, 95)])
    expect(cut.moved(1, 'end_s', 45)?.spans).toEqual([span(10, 40), span(45, 95)])
    expect(cut.moved(1, 'start_s', 2)?.spans).toEqual([span(10, 11), span(60, 95)])
    expect(cut.moved(1, 'start_s', 99)?.spans).toEqual([span(10, 59), span(60, 95)])
    expect(cut.moved(0, 'end_s', 0)?.removed[0]).toEqual({ ...span(0, 1), where: 'start' })
    expect(cut.moved(7, 'end_s', 0)).toBeNull()
  })

  it('stops at as many parts as the server takes', () => {
    let kept: Kept | null = new Kept([], 1000)
    for (let n = 1; n <= 49; n += 1) kept = kept?.without(n * 4, n * 4 + 1) ?? null
    expect(kept?.spans.length).toBe(50)
    expect(kept?.without(900, 901)).toBeNull()
  })
})

describe('two ways to cut', () => {
  it('are the same if they differ by decimals only', () => {
    expect(cut.same(new Kept([span(10.0001, 40), span(60, 95)], 100))).toBe(true)
    expect(cut.same(new Kept([span(11, 40), span(60, 95)], 100))).toBe(false)
    expect(cut.same(new Kept([], 100))).toBe(false)
  })
})
