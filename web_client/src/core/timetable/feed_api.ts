/** 日历订阅: one's own calendar feed, behind a secret address. */
import type { RestClient } from '../base/rest'
import type { CalendarFeed } from '../base/wire'

const PATH = '/api/calendar-feed'

export class FeedApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  own(): Promise<CalendarFeed> {
    return this.rest.call('GET', PATH)
  }

  /** Makes a feed; a former address ends. The new one is told only this once. */
  make(): Promise<CalendarFeed> {
    return this.rest.call('POST', PATH)
  }

  revoke(): Promise<null> {
    return this.rest.call('DELETE', PATH)
  }
}

/** The same address for programs that subscribe by a click. */
export const webcalOf = (address: string): string => address.replace(/^https?:/, 'webcal:')
