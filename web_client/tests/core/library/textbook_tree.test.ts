import { describe, expect, it } from 'vitest'
import { NO_QUESTION } from '../../../src/core/library/library_question'
import { chosen, keyOf, moved, pathOf, rowsOf, type Opened } from '../../../src/core/library/textbook_tree'

const opened: Opened = {
  [keyOf([])]: { level: 'stage', capped: false, nodes: [{ value: 'primary', count: 3 }, { value: 'junior', count: 1 }] },
  [keyOf(['primary'])]: { level: 'subject', capped: false, nodes: [{ value: '语文', count: 3 }] },
  [keyOf(['junior'])]: 'loading',
}
const rows = rowsOf(opened)

describe('the rows of the textbook tree', () => {
  it('are those below opened nodes, with their places', () => {
    expect(rows.map((row) => [row.value, row.depth, row.open, row.below, row.place, row.of])).toEqual([
      ['primary', 1, true, null, 1, 2],
      ['语文', 2, false, null, 1, 1],
      ['junior', 1, true, 'loading', 2, 2],
    ])
  })
  it('say where nothing is below', () => {
    const empty = rowsOf({ ...opened, [keyOf(['junior'])]: { level: 'subject', capped: false, nodes: [] } })
    expect(empty.at(-1)?.below).toBe('empty')
  })
})

describe('the keys of the textbook tree', () => {
  it.each([
    [['primary'], 'ArrowDown', { to: ['primary', '语文'] }],
    [['primary'], 'ArrowRight', { to: ['primary', '语文'] }],
    [['primary'], 'ArrowLeft', { close: ['primary'] }],
    [['primary', '语文'], 'ArrowRight', { open: ['primary', '语文'] }],
    [['primary', '语文'], 'ArrowLeft', { to: ['primary'] }],
    [['junior'], 'ArrowRight', null],
    [['junior'], 'ArrowDown', null],
    [['junior'], 'Home', { to: ['primary'] }],
    [['primary'], 'End', { to: ['junior'] }],
    [['gone'], 'ArrowDown', { to: ['primary'] }],
  ])('at %j, %s', (at, key, does) => {
    expect(moved(rows, at, key)).toEqual(does)
  })
})

describe('a node in the address', () => {
  it('is named by its levels, and deeper ones are left open', () => {
    expect(chosen(['primary', '语文'])).toEqual({ stage: 'primary', subject: '语文', edition: '', grade: '', volume: '', section: '' })
    expect(pathOf({ ...NO_QUESTION, ...chosen(['primary', '语文']) })).toEqual(['primary', '语文'])
    expect(pathOf({ ...NO_QUESTION, stage: 'primary', grade: '一年级' })).toEqual(['primary'])
  })
})
