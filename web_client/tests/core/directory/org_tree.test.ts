import { describe, expect, it } from 'vitest'
import type { NodeEntry, OrgLevel } from '../../../src/core/base/wire'
import { OrgTree } from '../../../src/core/directory/org_tree'

const node = (node_id: string, level: OrgLevel, parent_id: string | null, code: string | null = null): NodeEntry => ({
  node_id,
  name: `${node_id}名`,
  code,
  level,
  parent_id,
  parent: null,
  path: '',
  active: true,
  version: 1,
})
const NODES = [
  node('city', 'city', 'prov'),
  node('b', 'county', 'city', '520102'),
  node('c', 'county', 'city'),
  node('a', 'county', 'city', '520101'),
  node('prov', 'province', 'cn'),
]
const shown = (tree: OrgTree, open: readonly string[], words = '') =>
  tree.rows(new Set(open), words).map((row) => `${row.level}${row.node.node_id}${row.open ? '-' : row.opens ? '+' : ''}`)

describe('the org tree', () => {
  it('begins with what has nothing above that its reader sees', () => {
    const tree = new OrgTree(NODES)
    expect(tree.tops.map((one) => one.node_id)).toEqual(['prov'])
    expect(shown(tree, [])).toEqual(['1prov+'])
  })

  it('shows what is open, by code and then by name', () => {
    expect(shown(new OrgTree(NODES), ['prov', 'city', 'a'])).toEqual(['1prov-', '2city-', '3a-', '3b+', '3c+'])
  })

  it('a search leaves what matches and all above it', () => {
    const tree = new OrgTree(NODES)
    expect(shown(tree, [], '520102')).toEqual(['1prov-', '2city-', '3b+'])
    expect(shown(tree, [], 'city')).toEqual(['1prov-', '2city'.concat('+')])
    expect(shown(tree, [], '没有')).toEqual([])
  })

  it('opens at first as far as few rows come of it', () => {
    const tree = new OrgTree(NODES)
    expect([...tree.firstOpen(30)].sort()).toEqual(['city', 'prov'])
    expect([...tree.firstOpen(2)]).toEqual(['prov'])
    expect([...tree.firstOpen(1)]).toEqual([])
  })

  it('may have several tops, and a county alone', () => {
    const tree = new OrgTree([node('y', 'county', 'cy'), node('x', 'county', 'cx')])
    expect(shown(tree, [])).toEqual(['1x+', '1y+'])
  })
})
