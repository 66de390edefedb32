/** The requests about 缺课原因. */
import { queryOf, type RestClient } from '../base/rest'
import type { ConfirmReason, GiveReason, LedgerUnit, MissedUnit, MissedUnitList, ReasonsDecided } from '../base/wire'
import type { MissedState } from './missed'

export interface MissedPart {
  readonly cause: MissedState
  readonly month?: string
  readonly q?: string
}

export class MissedApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  list(part: MissedPart, after: string | null): Promise<MissedUnitList> {
    return this.rest.call('GET', `/api/ledger/missed${queryOf({ ...part, after })}`)
  }

  explain(one: MissedUnit, body: Omit<GiveReason, 'version'>): Promise<LedgerUnit> {
    return this.rest.call('POST', `${pathOf(one)}/reason`, { ...body, version: one.unit.version })
  }

  /** The county sets a reason itself. */
  set(one: MissedUnit, body: Omit<ConfirmReason, 'version'>): Promise<LedgerUnit> {
    return this.rest.call('POST', `${pathOf(one)}/confirm`, { ...body, version: one.unit.version })
  }

  confirm(units: readonly MissedUnit[]): Promise<ReasonsDecided> {
    return this.rest.call('POST', '/api/ledger/missed/confirm', { units: seen(units) })
  }

  giveBack(units: readonly MissedUnit[], note: string): Promise<ReasonsDecided> {
    return this.rest.call('POST', '/api/ledger/missed/return', { units: seen(units), note })
  }
}

const pathOf = ({ unit }: MissedUnit): string =>
  `/api/ledger/units/${encodeURIComponent(unit.lesson_id)}/${encodeURIComponent(unit.room_id)}`

const seen = (units: readonly MissedUnit[]) =>
  units.map(({ unit }) => ({ lesson_id: unit.lesson_id, room_id: unit.room_id, version: unit.version }))
