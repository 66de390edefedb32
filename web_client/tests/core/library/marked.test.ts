import { describe, expect, it } from 'vitest'
import { markedParts } from '../../../src/core/library/marked'

const shown = (text: string, ...places: [number, number][]): string =>
  markedParts(
    text,
    places.map(([start, end]) => ({ start, end })),
  )
    .map((part) => (part.found ? `[${part.text}]` : part.text))
    .join('')

describe('a text with places', () => {
  it('is cut at them', () => {
    expect(shown('《浮力》实验', [1, 3])).toBe('《[浮力]》实验')
    expect(shown('浮力', [0, 2])).toBe('[浮力]')
    expect(shown('浮力')).toBe('浮力')
    expect(shown('', [0, 2])).toBe('')
  })
  it('takes places in any order, that overlap, and that are out of it', () => {
    expect(shown('浮力实验', [2, 4], [0, 1])).toBe('[浮]力[实验]')
    expect(shown('浮力实验', [0, 3], [1, 2], [2, 4])).toBe('[浮力实][验]')
    expect(shown('浮力', [1, 9], [5, 6])).toBe('浮[力]')
  })
  it('counts characters as the server does, not halves of them', () => {
    expect(shown('𠀀浮力', [1, 3])).toBe('𠀀[浮力]')
  })
})
