/** The API of accounts, roles and terminals. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  Account,
  AccountEnd,
  AccountList,
  AccountState,
  ActivationOffer,
  ActivationRequest,
  GrantGive,
  GrantNodeList,
  Identity,
  LessonsAhead,
  NewAccount,
  PasswordChange,
  PersonGrantList,
  PersonGrants,
  Role,
  RoomTerminalsPage,
  Slips,
  TerminalAsk,
  TerminalAsked,
  TerminalCode,
  TerminalList,
} from '../base/wire'

type Caller = Pick<RestClient, 'call'>

const part = encodeURIComponent

/** Accounts of the own branches, and the own password. */
export class AccountsApi {
  constructor(private readonly rest: Caller) {}

  list(wanted: { q?: string; state?: AccountState | ''; after?: string | null }): Promise<AccountList> {
    return this.rest.call('GET', `/api/accounts${queryOf(wanted)}`)
  }

  create(accounts: readonly NewAccount[]): Promise<Slips> {
    return this.rest.call('POST', '/api/accounts', { accounts })
  }

  slips(personIds: readonly string[]): Promise<Slips> {
    return this.rest.call('POST', '/api/accounts/slips', { person_ids: personIds })
  }

  reset(account: Account): Promise<Slips> {
    return this.rest.call('POST', `/api/accounts/${part(account.person_id)}/reset`, { version: account.version })
  }

  lessonsAhead(personId: string): Promise<LessonsAhead> {
    return this.rest.call('GET', `/api/accounts/${part(personId)}/lessons`)
  }

  end(personId: string, how: 'close' | 'leave', body: AccountEnd): Promise<Account> {
    return this.rest.call('POST', `/api/accounts/${part(personId)}/${how}`, body)
  }

  reopen(account: Account): Promise<Account> {
    return this.rest.call('POST', `/api/accounts/${part(account.person_id)}/reopen`, { version: account.version })
  }

  whose(code: string): Promise<ActivationOffer> {
    return this.rest.call('POST', '/api/activation/lookup', { code })
  }

  activate(body: ActivationRequest): Promise<Identity> {
    return this.rest.call('POST', '/api/activation', body)
  }

  changePassword(body: PasswordChange): Promise<null> {
    return this.rest.call('POST', '/api/password', body)
  }
}

/** 角色权限. */
export class GrantsApi {
  constructor(private readonly rest: Caller) {}

  list(wanted: { q?: string; role?: Role | ''; node?: string; after?: string | null }): Promise<PersonGrantList> {
    return this.rest.call('GET', `/api/grants${queryOf(wanted)}`)
  }

  nodes(q: string): Promise<GrantNodeList> {
    return this.rest.call('GET', `/api/grants/nodes${queryOf({ q })}`)
  }

  give(personId: string, body: GrantGive): Promise<PersonGrants> {
    return this.rest.call('POST', `/api/people/${part(personId)}/grants`, body)
  }

  take(personId: string, grantId: string): Promise<null> {
    return this.rest.call('DELETE', `/api/people/${part(personId)}/grants/${part(grantId)}`)
  }
}

/** The terminals of rooms. */
export class TerminalsApi {
  constructor(private readonly rest: Caller) {}

  rooms(wanted: { q?: string; after?: string | null }): Promise<RoomTerminalsPage> {
    return this.rest.call('GET', `/api/terminals${queryOf(wanted)}`)
  }

  ofRoom(roomId: string): Promise<TerminalList> {
    return this.rest.call('GET', `/api/rooms/${part(roomId)}/terminals`)
  }

  makeCode(roomId: string): Promise<TerminalCode> {
    return this.rest.call('POST', `/api/rooms/${part(roomId)}/terminals/code`)
  }

  asking(code: string): Promise<TerminalAsk> {
    return this.rest.call('POST', '/api/terminal/asking', { code })
  }

  confirm(roomId: string, code: string): Promise<null> {
    return this.rest.call('POST', `/api/rooms/${part(roomId)}/terminals`, { code })
  }

  unbind(roomId: string, terminalId: string): Promise<null> {
    return this.rest.call('DELETE', `/api/rooms/${part(roomId)}/terminals/${part(terminalId)}`)
  }

  /** A code for this terminal to show. */
  ask(): Promise<TerminalAsked> {
    return this.rest.call('POST', '/api/terminal/ask')
  }

  /** Signs this terminal in once its room is confirmed; null before. */
  claim(secret: string): Promise<Identity | null> {
    return this.rest.call('POST', '/api/terminal/claim', { secret })
  }

  redeem(code: string): Promise<Identity> {
    return this.rest.call('POST', '/api/terminal/redeem', { code })
  }
}
