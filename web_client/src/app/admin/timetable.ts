/** Pages of 课表: plans, terms, imports, the week. */
import type { AdminPage } from './page'

export const timetablePages: readonly AdminPage[] = [
  {
    path: '/timetable/week',
    title: 'timetable.menu',
    component: () => import('../../pages/timetable/TimetablePage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/my',
    title: 'my.menu',
    component: () => import('../../pages/timetable/MyTimetablePage.vue'),
  },
  {
    path: '/timetable/imports',
    title: 'imports.title',
    component: () => import('../../pages/timetable/ImportsPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/imports/:importId',
    title: null,
    component: () => import('../../pages/timetable/ImportPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/proposals',
    title: 'proposals.title',
    component: () => import('../../pages/timetable/ProposalsPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/proposals/:proposalId',
    title: null,
    component: () => import('../../pages/timetable/ProposalPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/terms',
    title: 'terms.title',
    component: () => import('../../pages/timetable/TermsPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/bells',
    title: 'bells.title',
    component: () => import('../../pages/timetable/BellsPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/holidays',
    title: 'holidays.title',
    component: () => import('../../pages/timetable/HolidaysPage.vue'),
    needs: 'manage_timetable',
  },
  {
    path: '/timetable/unwanted',
    title: 'unwanted.title',
    component: () => import('../../pages/timetable/UnwantedPage.vue'),
    needs: 'manage_timetable',
  },
]
