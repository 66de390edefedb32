import { auditEn } from './texts/audit.en'
import { accountsEn } from './texts/accounts.en'
import { adminEn } from './texts/admin.en'
import { baseEn } from './texts/base.en'
import { captionsEn } from './texts/captions.en'
import { catalogueEn } from './texts/catalogue.en'
import { classroomEn } from './texts/classroom.en'
import { consentEn } from './texts/consent.en'
import { directoryEn } from './texts/directory.en'
import { exchangeEn } from './texts/exchange.en'
import { filesEn } from './texts/files.en'
import { identityEn } from './texts/identity.en'
import { importsEn } from './texts/imports.en'
import { jobsEn } from './texts/jobs.en'
import { kioskEn } from './texts/kiosk.en'
import { ledgerEn } from './texts/ledger.en'
import { lessonsEn } from './texts/lessons.en'
import { libraryEn } from './texts/library.en'
import { linksEn } from './texts/links.en'
import { mediaEn } from './texts/media.en'
import { myTimetableEn } from './texts/my_timetable.en'
import { nodesEn } from './texts/nodes.en'
import { orgEn } from './texts/org.en'
import { pictureEn } from './texts/picture.en'
import { planningEn } from './texts/planning.en'
import { problemsEn } from './texts/problems.en'
import { pushEn } from './texts/push.en'
import { reasonsEn } from './texts/reasons.en'
import { requirementsEn } from './texts/requirements.en'
import { seriesEn } from './texts/series.en'
import { figuresEn } from './texts/figures.en'
import { publishedEn } from './texts/published.en'
import { upwardEn } from './texts/upward.en'
import { unwantedEn } from './texts/unwanted.en'
import { resourcesEn } from './texts/resources.en'
import { retentionEn } from './texts/retention.en'
import { reviewsEn } from './texts/reviews.en'
import { rewatchEn } from './texts/rewatch.en'
import { settingsEn } from './texts/settings.en'
import { filmsEn } from './texts/films.en'
import { sharingEn } from './texts/sharing.en'
import { timetableEn } from './texts/timetable.en'
import { todayEn } from './texts/today.en'
import { workbooksEn } from './texts/workbooks.en'
import { proposalsEn } from './texts/proposals.en'
import type { Texts } from './zh-CN'

/** Every text a person sees, in English. */
export const en: Texts = {
  ...auditEn,
  ...accountsEn,
  ...adminEn,
  ...baseEn,
  ...captionsEn,
  ...catalogueEn,
  ...classroomEn,
  ...consentEn,
  ...directoryEn,
  ...exchangeEn,
  ...filesEn,
  ...identityEn,
  ...importsEn,
  ...jobsEn,
  ...kioskEn,
  ...ledgerEn,
  ...lessonsEn,
  ...libraryEn,
  ...linksEn,
  ...mediaEn,
  ...myTimetableEn,
  ...nodesEn,
  ...orgEn,
  ...pictureEn,
  ...planningEn,
  ...problemsEn,
  ...pushEn,
  ...reasonsEn,
  ...requirementsEn,
  ...unwantedEn,
  ...seriesEn,
  ...figuresEn,
  ...publishedEn,
  ...upwardEn,
  ...resourcesEn,
  ...retentionEn,
  ...reviewsEn,
  ...rewatchEn,
  ...settingsEn,
  ...filmsEn,
  ...sharingEn,
  ...timetableEn,
  ...todayEn,
  ...workbooksEn,
  ...proposalsEn,
}
