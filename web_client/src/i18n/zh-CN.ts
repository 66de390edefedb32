import { auditZh } from './texts/audit.zh'
import { accountsZh } from './texts/accounts.zh'
import { adminZh } from './texts/admin.zh'
import { baseZh } from './texts/base.zh'
import { captionsZh } from './texts/captions.zh'
import { catalogueZh } from './texts/catalogue.zh'
import { classroomZh } from './texts/classroom.zh'
import { consentZh } from './texts/consent.zh'
import { directoryZh } from './texts/directory.zh'
import { exchangeZh } from './texts/exchange.zh'
import { filesZh } from './texts/files.zh'
import { identityZh } from './texts/identity.zh'
import { importsZh } from './texts/imports.zh'
import { jobsZh } from './texts/jobs.zh'
import { kioskZh } from './texts/kiosk.zh'
import { ledgerZh } from './texts/ledger.zh'
import { lessonsZh } from './texts/lessons.zh'
import { libraryZh } from './texts/library.zh'
import { linksZh } from './texts/links.zh'
import { mediaZh } from './texts/media.zh'
import { myTimetableZh } from './texts/my_timetable.zh'
import { nodesZh } from './texts/nodes.zh'
import { orgZh } from './texts/org.zh'
import { pictureZh } from './texts/picture.zh'
import { planningZh } from './texts/planning.zh'
import { problemsZh } from './texts/problems.zh'
import { pushZh } from './texts/push.zh'
import { reasonsZh } from './texts/reasons.zh'
import { requirementsZh } from './texts/requirements.zh'
import { seriesZh } from './texts/series.zh'
import { figuresZh } from './texts/figures.zh'
import { publishedZh } from './texts/published.zh'
import { upwardZh } from './texts/upward.zh'
import { unwantedZh } from './texts/unwanted.zh'
import { resourcesZh } from './texts/resources.zh'
import { retentionZh } from './texts/retention.zh'
import { reviewsZh } from './texts/reviews.zh'
import { rewatchZh } from './texts/rewatch.zh'
import { settingsZh } from './texts/settings.zh'
import { filmsZh } from './texts/films.zh'
import { sharingZh } from './texts/sharing.zh'
import { timetableZh } from './texts/timetable.zh'
import { todayZh } from './texts/today.zh'
import { workbooksZh } from './texts/workbooks.zh'
import { proposalsZh } from './texts/proposals.zh'

/** Every text a person sees, in Simplified Chinese: the language the product is made for. */
export const zh = {
  ...auditZh,
  ...accountsZh,
  ...adminZh,
  ...baseZh,
  ...captionsZh,
  ...catalogueZh,
  ...classroomZh,
  ...consentZh,
  ...directoryZh,
  ...exchangeZh,
  ...filesZh,
  ...identityZh,
  ...importsZh,
  ...jobsZh,
  ...kioskZh,
  ...ledgerZh,
  ...lessonsZh,
  ...libraryZh,
  ...linksZh,
  ...mediaZh,
  ...myTimetableZh,
  ...nodesZh,
  ...orgZh,
  ...pictureZh,
  ...planningZh,
  ...problemsZh,
  ...pushZh,
  ...reasonsZh,
  ...requirementsZh,
  ...unwantedZh,
  ...seriesZh,
  ...figuresZh,
  ...publishedZh,
  ...upwardZh,
  ...resourcesZh,
  ...retentionZh,
  ...reviewsZh,
  ...rewatchZh,
  ...settingsZh,
  ...filmsZh,
  ...sharingZh,
  ...timetableZh,
  ...todayZh,
  ...workbooksZh,
  ...proposalsZh,
}

export type Texts = typeof zh
