/** Pages of 开课台账: what is delivered today, and what was. */
import type { AdminPage } from './page'

export const ledgerPages: readonly AdminPage[] = [
  {
    path: '/ledger/today',
    title: 'today.title',
    component: () => import('../../pages/today/TodayPage.vue'),
    needs: 'read_ledger',
  },
  {
    path: '/ledger/totals',
    title: 'ledger.title',
    component: () => import('../../pages/ledger/LedgerPage.vue'),
    needs: 'read_ledger',
  },
  {
    path: '/ledger/months',
    title: 'months.title',
    component: () => import('../../pages/ledger/MonthsPage.vue'),
    needs: 'read_ledger',
  },
  {
    path: '/ledger/months/:month',
    title: null,
    component: () => import('../../pages/ledger/MonthPage.vue'),
    needs: 'read_ledger',
  },
  {
    path: '/ledger/reasons',
    title: 'reasons.title',
    component: () => import('../../pages/ledger/ReasonsPage.vue'),
    needs: 'confirm_missed',
  },
  {
    path: '/ledger/requirements',
    title: 'requirements.title',
    component: () => import('../../pages/ledger/RequirementsPage.vue'),
    needs: 'read_ledger',
  },
]
