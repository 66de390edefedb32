import { auditEn } from './texts/audit.en'
import { accountsEn } from './texts/accounts.en'
import { adminEn } from './texts/admin.en'
import { baseEn } from './texts/base.en'
import { classroomEn } from './texts/classroom.en'
import { directoryEn } from './texts/directory.en'
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
import { orgEn } from './texts/org.en'
import { pictureEn } from './texts/picture.en'
import { planningEn } from './texts/planning.en'
import { problemsEn } from './texts/problems.en'
import { reasonsEn } from './texts/reasons.en'
import { requirementsEn } from './texts/requirements.en'
import { unwantedEn } from './texts/unwanted.en'
import { settingsEn } from './texts/settings.en'
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
  ...classroomEn,
  ...directoryEn,
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
  ...orgEn,
  ...pictureEn,
  ...planningEn,
  ...problemsEn,
  ...reasonsEn,
  ...requirementsEn,
  ...unwantedEn,
  ...settingsEn,
  ...timetableEn,
  ...todayEn,
  ...workbooksEn,
  ...proposalsEn,
}
