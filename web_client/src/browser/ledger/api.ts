/** The ledger's requests, as the person who is signed in. */
import { LedgerApi } from '../../core/ledger/api'
import { MissedApi } from '../../core/ledger/missed_api'
import { RequirementsApi } from '../../core/ledger/requirements_api'
import { rest } from '../identity/identity'

export const ledger = new LedgerApi(rest)
export const missed = new MissedApi(rest)
export const requirements = new RequirementsApi(rest)
