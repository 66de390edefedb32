/** Accounts to be made, out of lines as somebody pastes them from a sheet: name, login, staff number. */
import type { NewAccount, Role } from '../base/wire'

/** Accounts of one request. */
export const MAX_LINES = 200
const LOGIN = /^[\w.@-]{1,64}$/

export interface LineProblem {
  /** Counted from 1, as the person sees it. */
  readonly line: number
  readonly why: 'login' | 'twice'
}

export interface ReadLines {
  readonly accounts: readonly NewAccount[]
  readonly problems: readonly LineProblem[]
}

/** Reads lines; the parts stand between tabs, commas or spaces. Empty lines do not count. */
export function readLines(text: string, nodeId: string, roles: readonly Role[]): ReadLines {
  const accounts: NewAccount[] = []
  const problems: LineProblem[] = []
  const logins = new Set<string>()
  text.split(/\r?\n/).forEach((line, index) => {
    const [name = '', login = '', staffNo = ''] = line.trim().split(/[\t,，\s]+/)
    if (name === '') return
    const why = login === '' || !LOGIN.test(login) ? 'login' : logins.has(login.toLowerCase()) ? 'twice' : null
    if (why !== null) problems.push({ line: index + 1, why })
    else {
      logins.add(login.toLowerCase())
      accounts.push({ name, login, node_id: nodeId, staff_no: staffNo === '' ? null : staffNo, roles })
    }
  })
  return { accounts, problems }
}
