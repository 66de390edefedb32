import { describe, expect, it } from 'vitest'
import { chapterAt, seenChapters, withChapter, withProposed } from '../../../src/core/library/chapters'
import { MAX_CHAPTERS } from '../../../src/core/base/wire'
import { Kept } from '../../../src/core/library/kept'

const mark = (at_s: number, title: string) => ({ at_s, title })

describe('chapters', () => {
  it('stand in order, and never twice at one moment', () => {
    const two = withChapter([mark(60, 'b')], 12.34, 'a')
    expect(two).toEqual([mark(12.3, 'a'), mark(60, 'b')])
    expect(withChapter(two, 60.2, 'c')).toBe(two)
  })

  it('stop at as many as the server takes', () => {
    const many = Array.from({ length: MAX_CHAPTERS }, (_, n) => mark(n * 10, ''))
    expect(withChapter(many, 5, 'one more')).toBe(many)
  })

  it('are seen in the viewer’s time, without those in a cut', () => {
    const kept = new Kept([{ start_s: 10, end_s: 40 }, { start_s: 60, end_s: 90 }], 100)
    expect(seenChapters([mark(70, 'c'), mark(50, 'cut'), mark(10, 'a')], kept)).toEqual([mark(0, 'a'), mark(40, 'c')])
  })

  it('are proposed for moments that are kept and have none', () => {
    const kept = new Kept([{ start_s: 10, end_s: 90 }], 100)
    const proposed = [mark(5, 'a'), mark(20, 'b'.repeat(90)), mark(50, 'c')]
    expect(withProposed([mark(50, '练习')], proposed, kept)).toEqual([mark(20, 'b'.repeat(80)), mark(50, '练习')])
  })

  it('tell in which part a moment lies', () => {
    const chapters = [mark(10, 'a'), mark(20, 'b')]
    expect([5, 10, 15, 20, 99].map((at) => chapterAt(chapters, at))).toEqual([-1, 0, 0, 1, 1])
  })
})
