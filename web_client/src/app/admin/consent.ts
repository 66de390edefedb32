/** The page of 授权同意. */
import type { AdminPage } from './page'

export const consentPages: readonly AdminPage[] = [
  { path: '/consent', title: 'consent.title', component: () => import('../../pages/consent/ConsentsPage.vue'), needs: 'read_consent' },
]
