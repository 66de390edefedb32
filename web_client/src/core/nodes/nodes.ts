/** The processes of the installation: the requests, and what the page says of each. */
import type { RestClient } from '../base/rest'
import type { ServerNode, ServerNodeList } from '../base/wire'

export class NodesApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  listed(): Promise<ServerNodeList> {
    return this.rest.call('GET', '/api/nodes')
  }

  drain(id: string): Promise<ServerNode> {
    return this.rest.call('POST', pathOf(id))
  }

  endDrain(id: string): Promise<ServerNode> {
    return this.rest.call('DELETE', pathOf(id))
  }
}

const pathOf = (id: string): string => `/api/nodes/${encodeURIComponent(id)}/drain`

/** `stuck`: it is being drained, and nobody else could take its lessons. */
export type NodeStand = 'well' | 'draining' | 'stuck' | 'drained' | 'suspect' | 'gone'

const holds = (node: ServerNode): boolean => node.kind === 'cell'

/** The cells that could take lessons of a node. Whether they have room for a whole lesson only the server knows. */
export function takersFor(node: ServerNode, nodes: readonly ServerNode[]): readonly ServerNode[] {
  const takes = (one: ServerNode): boolean =>
    holds(one) && one.node_id !== node.node_id && one.health === 'alive' && !one.draining && one.load < one.capacity
  return nodes.filter(takes)
}

export function standOf(node: ServerNode, nodes: readonly ServerNode[]): NodeStand {
  if (node.health === 'gone') return 'gone'
  if (node.health === 'suspect') return 'suspect'
  if (!node.draining) return 'well'
  if (node.lessons + node.sure + node.doubtful + node.carried === 0) return 'drained'
  return takersFor(node, nodes).length === 0 ? 'stuck' : 'draining'
}

/** Whether 排空 is offered: to a cell that runs, as long as Redis can give its lessons to others. */
export function canDrain(node: ServerNode, list: ServerNodeList): boolean {
  return holds(node) && node.health !== 'gone' && !node.draining && list.reachable === true
}

export function canEndDrain(node: ServerNode): boolean {
  return holds(node) && node.health !== 'gone' && node.draining
}

/** How full a node is, from 0 to 1; null for one that holds no lessons. */
export function fullness(node: ServerNode): number | null {
  return node.capacity === 0 ? null : Math.min(1, node.load / node.capacity)
}

/** Lessons that go on by the word of the database alone. */
export function doubtful(nodes: readonly ServerNode[]): number {
  return nodes.reduce((sum, one) => sum + (one.health === 'gone' ? 0 : one.doubtful), 0)
}
