/** Pages of 基础数据: what a county is made of. */
import type { AdminPage } from './page'

const needs = 'manage_directory'

export const directoryPages: readonly AdminPage[] = [
  { path: '/directory/nodes', title: 'directory.noun.nodes', component: () => import('../../pages/directory/NodesPage.vue'), needs },
  { path: '/directory/schools', title: 'directory.noun.schools', component: () => import('../../pages/directory/SchoolsPage.vue'), needs },
  { path: '/directory/rooms', title: 'directory.noun.rooms', component: () => import('../../pages/directory/RoomsPage.vue'), needs },
  { path: '/directory/classes', title: 'directory.noun.classes', component: () => import('../../pages/directory/ClassesPage.vue'), needs },
  { path: '/directory/teachers', title: 'directory.noun.teachers', component: () => import('../../pages/directory/TeachersPage.vue'), needs },
  { path: '/directory/subjects', title: 'directory.noun.subjects', component: () => import('../../pages/directory/SubjectsPage.vue'), needs },
  { path: '/directory/pairings', title: 'directory.noun.pairings', component: () => import('../../pages/directory/PairingsPage.vue'), needs },
]
