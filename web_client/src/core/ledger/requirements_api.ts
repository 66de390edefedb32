/** The requests about 应开课程. */
import { queryOf, type RestClient } from '../base/rest'
import type { GrantNode, Requirement, RequirementList, RequirementVersion, RequirementVersionMade } from '../base/wire'

const MOST_PAGES = 60 // of 100 requirements: a node and two above it, each at its bound

interface Named {
  readonly name: string
}

export class RequirementsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  /** All requirements of a node and of those above it. */
  async of(node: string): Promise<{ readonly rows: readonly Requirement[]; readonly mayEdit: boolean }> {
    const rows: Requirement[] = []
    let mayEdit = false
    let after: string | null = null
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const list: RequirementList = await this.rest.call('GET', `/api/ledger/requirements${queryOf({ node, after })}`)
      rows.push(...list.requirements)
      mayEdit = list.may_edit
      after = list.next
      if (after === null) break
    }
    return { rows, mayEdit }
  }

  make(body: RequirementVersion): Promise<RequirementVersionMade> {
    return this.rest.call('POST', '/api/ledger/requirements/versions', body)
  }

  /** The nodes above schools for which the reader could require something. */
  async nodes(): Promise<readonly GrantNode[]> {
    const { nodes } = await this.rest.call<{ nodes: readonly GrantNode[] }>('GET', '/api/grants/nodes')
    return nodes.filter((one) => one.level !== 'school')
  }

  /** The names of a county's subjects, in its order. */
  async subjects(county: string): Promise<string[]> {
    const path = `/api/directory/subjects${queryOf({ county_id: county, active: 'true', limit: 100 })}`
    const { entries } = await this.rest.call<{ entries: readonly Named[] }>('GET', path)
    return entries.map((one) => one.name)
  }
}
