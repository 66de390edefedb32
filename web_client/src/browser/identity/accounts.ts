/** The APIs of accounts, roles and terminals on this page. */
import { AccountsApi, GrantsApi, TerminalsApi } from '../../core/identity/accounts_api'
import { rest } from './identity'

export const accountsApi = new AccountsApi(rest)
export const grantsApi = new GrantsApi(rest)
export const terminalsApi = new TerminalsApi(rest)
