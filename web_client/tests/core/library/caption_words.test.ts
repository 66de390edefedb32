import { describe, expect, it } from 'vitest'
import { MAX_CAPTION_WORDS, MAX_WORD_CHARS } from '../../../src/core/base/wire'
import { wordsTyped } from '../../../src/core/library/caption_words'

describe('words that are typed or pasted', () => {
  it('are parted by lines, commas and semicolons, and each counts once', () => {
    expect(wordsTyped(' 浮力,密度，压强、浮力;;\r\n 功；率 \n')).toEqual({ words: ['浮力', '密度', '压强', '功', '率'], over: 0, long: null })
    expect(wordsTyped('').words).toEqual([])
  })
  it('tells by how many they are too many', () => {
    const words = (number: number) => Array.from({ length: number }, (_, n) => `词${n}`).join('\n')
    expect(wordsTyped(words(MAX_CAPTION_WORDS)).over).toBe(0)
    expect(wordsTyped(words(2000))).toMatchObject({ over: 2000 - MAX_CAPTION_WORDS })
  })
  it('names the first one that is too long, by characters as the server counts them', () => {
    expect(wordsTyped(`好,${'𠮷'.repeat(MAX_WORD_CHARS)}`).long).toBeNull()
    expect(wordsTyped(`好,${'长'.repeat(MAX_WORD_CHARS + 1)},好好`).long).toBe('长'.repeat(MAX_WORD_CHARS + 1))
  })
})
