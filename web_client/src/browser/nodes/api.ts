import { NodesApi } from '../../core/nodes/nodes'
import { rest } from '../identity/identity'

export const nodesApi = new NodesApi(rest)
