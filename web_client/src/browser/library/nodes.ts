/** Places of the own branches, by name. */
import { queryOf } from '../../core/base/rest'
import type { GrantNode, GrantNodeList } from '../../core/base/wire'
import { rest } from '../identity/identity'

export async function grantNodes(q: string): Promise<readonly GrantNode[]> {
  return (await rest.call<GrantNodeList>('GET', `/api/grants/nodes${queryOf({ q })}`)).nodes
}
