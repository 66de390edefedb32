/** Pages of 系统管理: accounts, roles, terminals, what happened, and the processes. */
import type { AdminPage } from './page'

export const systemPages: readonly AdminPage[] = [
  {
    path: '/system/accounts',
    title: 'account.menu',
    component: () => import('../../pages/identity/AccountsPage.vue'),
    needs: 'manage_accounts',
  },
  {
    path: '/system/grants',
    title: 'grants.title',
    component: () => import('../../pages/identity/GrantsPage.vue'),
    needs: 'manage_grants',
  },
  {
    path: '/system/terminals',
    title: 'terminals.title',
    component: () => import('../../pages/identity/TerminalsPage.vue'),
    needs: 'issue_device_token',
  },
  {
    path: '/system/audit',
    title: 'audit.title',
    component: () => import('../../pages/audit/AuditPage.vue'),
    needs: 'read_audit',
  },
  {
    path: '/system/nodes',
    title: 'nodes.title',
    component: () => import('../../pages/nodes/ServerNodesPage.vue'),
    needs: 'manage_nodes',
  },
]
