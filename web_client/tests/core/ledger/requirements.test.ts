import { describe, expect, it } from 'vitest'
import { cellKey, cellOn, cellsOf, differences, ordered, typed, versionOn, versionsOf } from '../../../src/core/ledger/requirements'
import type { Requirement } from '../../../src/core/base/wire'

const row = (subject: string, periods: number, first: string, more: Partial<Requirement> = {}): Requirement => ({
  requirement_id: `${subject} ${first}`,
  node_id: 'county',
  node: '青山县',
  level: 'county',
  grade: '三年级',
  subject,
  periods,
  first,
  last: null,
  version: 1,
  by: '李',
  at: `${first}T02:00:00Z`,
  ...more,
})
const ROWS = [
  row('音乐', 1, '2026-09-01', { last: '2026-09-30', version: 2, at: null, by: '' }),
  row('音乐', 2, '2026-10-01', { by: '王' }),
  row('美术', 1, '2026-09-01', { last: '2026-11-01' }),
  row('美术', 3, '2026-01-01', { node_id: 'province', level: 'province' }),
  row('美术', 2, '2026-01-01', { node_id: 'country', level: 'country' }),
]

describe('the table of a node', () => {
  it('shows the own number of the day, else that of the nearest node above', () => {
    expect(cellOn(ROWS, 'county', '三年级', '音乐', '2026-09-30').own?.periods).toBe(1)
    expect(cellOn(ROWS, 'county', '三年级', '音乐', '2026-10-01').own?.periods).toBe(2)
    expect(cellOn(ROWS, 'county', '三年级', '音乐', '2026-08-31')).toEqual({ own: null, inherited: null })
    const art = cellOn(ROWS, 'county', '三年级', '美术', '2026-11-02')
    expect([art.own, art.inherited?.level, art.inherited?.periods]).toEqual([null, 'province', 3])
  })

  it('has a version for each day on which it changes, also where something only ends', () => {
    expect(versionsOf(ROWS, 'county')).toEqual([
      { first: '2026-11-02', by: '', at: null, changes: 1 },
      { first: '2026-10-01', by: '王', at: '2026-10-01T02:00:00Z', changes: 1 },
      { first: '2026-09-01', by: '李', at: '2026-09-01T02:00:00Z', changes: 2 },
    ])
    const versions = versionsOf(ROWS, 'county')
    expect(['2026-08-31', '2026-10-15', '2026-12-01'].map((day) => versionOn(versions, day))).toEqual([-1, 1, 0])
    expect(differences(ROWS, 'county', '2026-09-30', '2026-10-01')).toEqual([cellKey('三年级', '音乐')])
  })
})

describe('a draft', () => {
  it('sends only cells that differ, each with the version that was seen on the day', () => {
    const draft = {
      [cellKey('三年级', '音乐')]: '3',
      [cellKey('三年级', '美术')]: '1',
      [cellKey('四年级', '书法')]: '',
      [cellKey('四年级', '科学')]: 'x',
      [cellKey('五年级', '科学')]: ' 2 ',
    }
    expect(cellsOf(draft, ROWS, 'county', '2026-10-05')).toEqual([
      { grade: '三年级', subject: '音乐', periods: 3, version: 1 },
      { grade: '五年级', subject: '科学', periods: 2, version: 0 },
    ])
    expect(cellsOf({ [cellKey('三年级', '音乐')]: '' }, ROWS, 'county', '2026-09-02')).toEqual([
      { grade: '三年级', subject: '音乐', periods: 0, version: 2 },
    ])
  })

  it('takes whole numbers from 0 to 20', () => {
    expect(['', '0', '20', '21', '-1', '1.5', '一'].map(typed)).toEqual([0, 0, 20, null, null, null, null])
  })

  it('keeps the known order, and puts others after it', () => {
    expect(ordered(['语文', '数学'], ['数学', 'b', 'a', 'b'])).toEqual(['语文', '数学', 'a', 'b'])
  })
})
