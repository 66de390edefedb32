/** The requests about 开课台账. */
import { queryOf, type RestClient } from '../base/rest'
import type {
  AmendHeadcount,
  ExportWish,
  Job,
  LedgerAreaList,
  LedgerCorrectionList,
  LedgerEvidence,
  LedgerGrouping,
  LedgerHeat,
  LedgerTotals,
  LedgerUnit,
  LedgerUnitList,
  MonthList,
  MonthReport,
  NoticeWish,
  TodayBoard,
  UnitOutcome,
} from '../base/wire'

/** A part of the ledger; a filter that is absent filters nothing. Days are the county's. */
export interface LedgerPart {
  readonly from: string
  readonly to: string
  readonly county?: string
  /** A node of the org tree above counties. */
  readonly node?: string
  readonly point?: string
  readonly class?: string
  readonly subject?: string
}

export class LedgerApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  areas(q = ''): Promise<LedgerAreaList> {
    return this.rest.call('GET', `/api/ledger/areas${queryOf({ q })}`)
  }

  totals(by: LedgerGrouping, part: LedgerPart, after: string | null): Promise<LedgerTotals> {
    return this.rest.call('GET', `/api/ledger/totals${queryOf({ by, ...part, after })}`)
  }

  heat(part: LedgerPart, after: string | null): Promise<LedgerHeat> {
    return this.rest.call('GET', `/api/ledger/heat${queryOf({ ...part, after })}`)
  }

  units(part: LedgerPart, outcome: UnitOutcome | '', after: string | null): Promise<LedgerUnitList> {
    return this.rest.call('GET', `/api/ledger/units${queryOf({ ...part, outcome, after })}`)
  }

  unit(lessonId: string, roomId: string): Promise<LedgerEvidence> {
    return this.rest.call('GET', unitPath(lessonId, roomId))
  }

  /** 补填到课人数: enters or corrects it after the lesson. */
  count(lessonId: string, roomId: string, body: AmendHeadcount): Promise<LedgerUnit> {
    return this.rest.call('POST', `${unitPath(lessonId, roomId)}/headcount`, body)
  }

  /** 今日看板: a page of today's lessons. */
  today(after: string | null): Promise<TodayBoard> {
    return this.rest.call('GET', `/api/ledger/today${queryOf({ after })}`)
  }

  /** 通知: a text for the screens of a lesson's rooms. */
  async notify(lessonId: string, body: NoticeWish): Promise<void> {
    await this.rest.call('POST', `/api/lessons/${encodeURIComponent(lessonId)}/notices`, body)
  }

  months(county: string): Promise<MonthList> {
    return this.rest.call('GET', `/api/ledger/months${queryOf({ county })}`)
  }

  report(county: string, month: string): Promise<MonthReport> {
    return this.rest.call('GET', `${monthPath(month)}${queryOf({ county })}`)
  }

  corrections(county: string, month: string, after: string | null): Promise<LedgerCorrectionList> {
    return this.rest.call('GET', `${monthPath(month)}/corrections${queryOf({ county, after })}`)
  }

  /** 上报; with `unexplained`, though units are still without a reason. */
  freeze(county: string, month: string, unexplained: boolean): Promise<MonthReport> {
    return this.rest.call('POST', `${monthPath(month)}/freeze`, { county_id: county, unexplained })
  }

  /** 导出报表: a job that makes a workbook. */
  exportBook(wish: ExportWish): Promise<Job> {
    return this.rest.call('POST', '/api/ledger/exports', wish)
  }
}

function monthPath(month: string): string {
  return `/api/ledger/months/${encodeURIComponent(month)}`
}

function unitPath(lessonId: string, roomId: string): string {
  return `/api/ledger/units/${encodeURIComponent(lessonId)}/${encodeURIComponent(roomId)}`
}
