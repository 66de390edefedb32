import { describe, expect, it } from 'vitest'
import type { FederatedRecord, HarvestSource } from '../../../src/core/base/wire'
import { groupsOf, linkOf, reordered } from '../../../src/core/library/exchange_api'

const record = (source: string, n: number, place = 0): FederatedRecord => ({ source_id: source, source_place: place, source_name: `${source}县`, identifier: String(n) }) as FederatedRecord
const source = (id: string, place: number): HarvestSource => ({ source_id: id, place }) as HarvestSource

describe('records of other libraries', () => {
  it('stand in groups by their library', () => {
    const groups = groupsOf([record('甲', 1), record('乙', 2), record('甲', 3)])
    expect(groups.map((one) => [one.name, one.records.length])).toEqual([['甲县', 2], ['乙县', 1]])
  })
  it('stand in the order of their operators', () => {
    expect(groupsOf([record('甲', 1, 2), record('乙', 2, 1)]).map((one) => one.id)).toEqual(['乙', '甲'])
  })
  it('link to the Web only', () => {
    expect(linkOf({ page_url: 'https://x.example/1' })).toBe('https://x.example/1')
    for (const url of ['', 'javascript:alert(1)', 'data:text/html,x', ' https://x', '//x.example']) expect(linkOf({ page_url: url })).toBeNull()
  })
})

describe('the order of sources', () => {
  const sources = [source('a', 0), source('b', 0), source('c', 7)]
  it('moves one by a step and numbers all', () => {
    expect(reordered(sources, 'c', -1).map((one) => [one.source_id, one.place])).toEqual([['a', 0], ['c', 1], ['b', 2]])
  })
  it('stays at both ends', () => {
    expect(reordered(sources, 'a', -1)).toBe(sources)
    expect(reordered(sources, 'c', 1)).toBe(sources)
  })
})
