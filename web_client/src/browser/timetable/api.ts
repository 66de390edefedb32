/** The timetable's requests, as the person or room that is signed in. */
import { ChoicesApi } from '../../core/timetable/choices_api'
import { FeedApi } from '../../core/timetable/feed_api'
import { ImportsApi } from '../../core/timetable/imports_api'
import { ProposalsApi } from '../../core/timetable/proposals_api'
import { SettingsApi } from '../../core/timetable/settings_api'
import { TimetableApi } from '../../core/timetable/api'
import { rest } from '../identity/identity'

export const timetable = new TimetableApi(rest)
export const settings = new SettingsApi(rest)
export const choices = new ChoicesApi(rest)
export const feed = new FeedApi(rest)
export const imports = new ImportsApi(rest)
export const proposals = new ProposalsApi(rest)
