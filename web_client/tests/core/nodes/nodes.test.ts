import { describe, expect, it } from 'vitest'
import type { ServerNode, ServerNodeList } from '../../../src/core/base/wire'
import { canDrain, canEndDrain, doubtful, fullness, NodesApi, standOf } from '../../../src/core/nodes/nodes'

function cell(name: string, more: Partial<ServerNode> = {}): ServerNode {
  return {
    node_id: name,
    kind: 'cell',
    health: 'alive',
    capacity: 60,
    load: 6,
    lessons: 1,
    sure: 1,
    doubtful: 0,
    draining: false,
    carried: 0,
    carried_lessons: 0,
    ...more,
  }
}

const list = (reachable: boolean | null, ...nodes: ServerNode[]): ServerNodeList => ({ own: 'web', reachable, nodes })

describe('how a node stands', () => {
  const other = cell('b')
  it.each([
    ['well', cell('a'), [other]],
    ['suspect', cell('a', { health: 'suspect' }), [other]],
    ['gone', cell('a', { health: 'gone', draining: true }), [other]],
    ['draining', cell('a', { draining: true }), [other]],
    ['drained', cell('a', { draining: true, lessons: 0, sure: 0 }), [other]],
    ['draining', cell('a', { draining: true, lessons: 0, sure: 0, carried: 2 }), [other]],
    ['stuck', cell('a', { draining: true }), []],
    ['stuck', cell('a', { draining: true }), [cell('b', { draining: true })]],
    ['stuck', cell('a', { draining: true }), [cell('b', { health: 'suspect' })]],
    ['stuck', cell('a', { draining: true }), [cell('b', { load: 60 })]],
    ['stuck', cell('a', { draining: true }), [cell('web', { kind: 'web' })]],
  ] as const)('is %s', (stand, node, others) => {
    expect(standOf(node, [node, ...others])).toBe(stand)
  })
})

describe('draining', () => {
  it('is offered for a cell that runs while Redis can give its lessons to others', () => {
    const one = cell('a')
    expect(canDrain(one, list(true, one))).toBe(true)
    expect(canDrain(one, list(false, one))).toBe(false)
    expect(canDrain(cell('a', { health: 'gone' }), list(true, one))).toBe(false)
    expect(canDrain(cell('a', { draining: true }), list(true, one))).toBe(false)
    expect(canDrain(cell('a', { kind: 'web' }), list(true, one))).toBe(false)
    expect(canDrain(cell('a', { kind: 'single' }), list(null, one))).toBe(false)
  })

  it('can be ended as long as the cell runs, whether Redis is there or not', () => {
    expect(canEndDrain(cell('a', { draining: true }))).toBe(true)
    expect(canEndDrain(cell('a', { draining: true, health: 'gone' }))).toBe(false)
    expect(canEndDrain(cell('a'))).toBe(false)
  })

  it('is asked for by the name of the node', async () => {
    const asked: string[] = []
    const api = new NodesApi({ call: async (method: string, path: string) => asked.push(`${method} ${path}`) as never })
    await api.listed()
    await api.drain('a b')
    await api.endDrain('a.cell-1')
    expect(asked).toEqual(['GET /api/nodes', 'POST /api/nodes/a%20b/drain', 'DELETE /api/nodes/a.cell-1/drain'])
  })
})

describe('figures', () => {
  it('tells how full a node is', () => {
    expect(fullness(cell('a', { load: 15 }))).toBe(0.25)
    expect(fullness(cell('a', { load: 90 }))).toBe(1)
    expect(fullness(cell('web', { kind: 'web', capacity: 0, load: 0 }))).toBeNull()
  })

  it('counts the lessons in doubt, without those of a dead cell', () => {
    expect(doubtful([cell('a', { doubtful: 2 }), cell('b', { doubtful: 3, health: 'gone' })])).toBe(2)
  })
})
