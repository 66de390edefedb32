/** The requests about what a county sets before it plans: terms, bells, days off. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  Bells,
  BellsChange,
  BellsList,
  BellsWish,
  CalendarOutcome,
  CalendarYear,
  CountyList,
  DayReset,
  DayWish,
  PlansLeft,
  Term,
  TermChange,
  TermList,
  TermWish,
  UnwantedList,
  UnwantedWeek,
  YearImport,
} from '../base/wire'
import { pathOf } from './api'

const SETTLE_MS = 30_000


export class SettingsApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  counties(): Promise<CountyList> {
    return this.rest.call('GET', pathOf('counties'))
  }

  terms(county: string): Promise<TermList> {
    return this.rest.call('GET', pathOf('terms') + queryOf({ county }))
  }

  createTerm(body: TermWish): Promise<Term> {
    return this.rest.call('POST', pathOf('terms'), body)
  }

  changeTerm(termId: string, body: TermChange): Promise<Term> {
    return this.rest.call('PUT', pathOf('terms', termId), body)
  }

  removeTerm(termId: string): Promise<null> {
    return this.rest.call('DELETE', pathOf('terms', termId))
  }

  bells(county: string): Promise<BellsList> {
    return this.rest.call('GET', pathOf('bells') + queryOf({ county }))
  }

  createBells(body: BellsWish): Promise<Bells> {
    return this.rest.call('POST', pathOf('bells'), body)
  }

  changeBells(scheduleId: string, body: BellsChange): Promise<Bells> {
    return this.rest.call('PUT', pathOf('bells', scheduleId), body)
  }

  removeBells(scheduleId: string): Promise<null> {
    return this.rest.call('DELETE', pathOf('bells', scheduleId))
  }

  unwanted(county: string): Promise<UnwantedList> {
    return this.rest.call('GET', pathOf('unwanted-periods') + queryOf({ county }))
  }

  setUnwanted(body: UnwantedWeek): Promise<UnwantedList> {
    return this.rest.call('PUT', pathOf('unwanted-periods'), body)
  }

  calendar(year: number, county: string, school: string | null): Promise<CalendarYear> {
    return this.rest.call('GET', pathOf('calendar', year) + queryOf({ county, school }))
  }

  setDay(body: DayWish): Promise<CalendarOutcome> {
    return this.rest.call('PUT', pathOf('calendar', 'days'), body)
  }

  resetDay(body: DayReset): Promise<CalendarOutcome> {
    return this.rest.call('POST', pathOf('calendar', 'days', 'reset'), body)
  }

  importYear(body: YearImport): Promise<CalendarOutcome> {
    return this.rest.call('POST', pathOf('calendar', 'years'), body)
  }

  /** Some plans follow days and bell times that changed; tells how many are left. */
  settle(county: string): Promise<PlansLeft> {
    return this.rest.call('POST', pathOf('counties', county, 'settle'), undefined, SETTLE_MS)
  }
}
