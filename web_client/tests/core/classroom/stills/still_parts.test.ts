import { describe, expect, it } from 'vitest'
import { isWhole, withPart } from '../../../../src/core/classroom/stills/still_parts'
import type { Still } from '../../../../src/core/base/wire'

function part(number: number, image: string, over: Partial<Still> = {}): Still {
  return {
    type: 'still',
    source_id: 'lead.courseware',
    taken_at: '2026-11-22T08:00:00Z',
    mime: 'image/webp',
    image,
    part: number,
    parts: 3,
    ...over,
  }
}

describe('a still in parts', () => {
  it('is whole when its last part came', () => {
    const one = withPart(null, part(0, 'ab'))
    const two = withPart(one, part(1, 'cd'))
    expect(two && isWhole(two)).toBe(false)
    const three = withPart(two, part(2, 'ef'))
    expect(three && isWhole(three)).toBe(true)
    expect(three?.image).toBe('abcdef')
  })

  it('in one part is whole at once', () => {
    const still = withPart(null, part(0, 'ab', { parts: 1 }))
    expect(still && isWhole(still)).toBe(true)
  })

  it('begins anew with a part 0', () => {
    const fresh = withPart(withPart(null, part(0, 'ab')), part(0, 'xy'))
    expect(fresh?.image).toBe('xy')
  })

  it('is given up where a part is missing or belongs to another', () => {
    const one = withPart(null, part(0, 'ab'))
    expect(withPart(one, part(2, 'ef'))).toBeNull()
    expect(withPart(one, part(1, 'cd', { taken_at: '2026-11-22T08:00:09Z' }))).toBeNull()
    expect(withPart(null, part(1, 'cd'))).toBeNull()
  })
})
