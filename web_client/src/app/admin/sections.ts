/** The sections of the administration: one list for the router, the head and the side menu. */
import type { RouteRecordRaw } from 'vue-router'
import { may } from '../../browser/identity/identity'
import { consentPages } from './consent'
import { directoryPages } from './directory'
import { ledgerPages } from './ledger'
import type { AdminPage } from './page'
import { resourcePages } from './resources'
import { systemPages } from './system'
import { timetablePages } from './timetable'

export interface AdminSection {
  /** Its words are at `admin.section.<name>`; the paths of its pages begin with `/<name>`. */
  readonly name: 'resources' | 'timetable' | 'ledger' | 'consent' | 'directory' | 'system'
  readonly pages: readonly AdminPage[]
}

export const SECTIONS: readonly AdminSection[] = [
  { name: 'resources', pages: resourcePages },
  { name: 'timetable', pages: timetablePages },
  { name: 'ledger', pages: ledgerPages },
  { name: 'consent', pages: consentPages },
  { name: 'directory', pages: directoryPages },
  { name: 'system', pages: systemPages },
]

/** Routes of every section; they stand below the layout's own route. */
export const adminRoutes: RouteRecordRaw[] = SECTIONS.flatMap(({ pages }) => pages).map((page) => ({
  path: page.path,
  component: page.component,
  props: page.path.includes(':'),
  meta: page.needs === undefined ? {} : { needs: page.needs },
}))

/** The pages of a section that the present user finds in its menu. */
export function menuOf(section: AdminSection): readonly AdminPage[] {
  return section.pages.filter((page) => page.title !== null && (page.needs === undefined || may(page.needs)))
}

/** The page of a menu to which a path belongs. A page below another, such as one term, keeps the mark of the page above. */
export function markedIn(section: AdminSection, menu: readonly AdminPage[], path: string): string {
  const holds = (page: AdminPage): boolean => path === page.path || path.startsWith(`${page.path}/`)
  const of = section.pages.find((page) => page.under !== undefined && holds(page))?.under
  const above = menu.filter((page) => (of === undefined ? holds(page) : page.path === of))
  return above.reduce((best, page) => (page.path.length > best.length ? page.path : best), '')
}

/** The section to which a path belongs. */
export function sectionOf(path: string): AdminSection | undefined {
  return SECTIONS.find(({ name }) => path === `/${name}` || path.startsWith(`/${name}/`))
}
