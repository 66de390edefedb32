import { createRouter, createWebHistory } from 'vue-router'
import { home } from '../browser/identity/home'
import { identity, may, whoAmI } from '../browser/identity/identity'
import { ApiError } from '../core/base/rest'
import type { Action } from '../core/base/wire'
import { adminRoutes } from './admin/sections'

declare module 'vue-router' {
  interface RouteMeta {
    /** May be seen without signing in. */
    readonly open?: boolean
    /** With a header for those who are not signed in. */
    readonly guests?: boolean
    /** Without the header: the lesson needs the whole window. */
    readonly bare?: boolean
    /** The permission that the page needs. */
    readonly needs?: Action
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: () => home() },
    { path: '/login', component: () => import('../pages/identity/LoginPage.vue'), meta: { open: true, bare: true } },
    {
      path: '/activate',
      component: () => import('../pages/identity/ActivatePage.vue'),
      meta: { open: true, bare: true },
    },
    { path: '/password', component: () => import('../pages/identity/PasswordPage.vue') },
    { path: '/teacher', component: () => import('../pages/lessons/DayPage.vue') },
    {
      path: '/teacher/lessons/:id',
      component: () => import('../pages/classroom/LessonDoor.vue'),
      props: true,
      meta: { bare: true },
    },
    { path: '/library', component: () => import('../pages/library/LibraryPage.vue'), meta: { open: true, guests: true } },
    { path: '/library/series', component: () => import('../pages/library/SeriesListPage.vue'), meta: { open: true, guests: true } },
    {
      path: '/library/series/:id',
      component: () => import('../pages/library/SeriesPage.vue'),
      props: true,
      meta: { open: true, guests: true },
    },
    {
      path: '/library/:id',
      component: () => import('../pages/library/WatchPage.vue'),
      props: true,
      meta: { open: true, guests: true },
    },
    { path: '/recordings/:id', component: () => import('../pages/recordings/RecordingPage.vue'), props: true },
    { path: '/network', component: () => import('../pages/links/NetworkPage.vue'), meta: { needs: 'read_all_links' } },
    {
      path: '/timetable/print',
      component: () => import('../pages/timetable/PrintWeek.vue'),
      meta: { bare: true },
    },
    {
      path: '/ledger/months/:month/print',
      component: () => import('../pages/ledger/PrintMonth.vue'),
      props: true,
      meta: { bare: true, needs: 'read_ledger' },
    },
    {
      path: '/consent/classes/:classId/print',
      component: () => import('../pages/consent/PrintConsent.vue'),
      props: true,
      meta: { bare: true, needs: 'read_consent' },
    },
    { path: '/admin', redirect: () => home(), component: () => import('./admin/AdminLayout.vue'), children: adminRoutes },
    { path: '/not-allowed', component: () => import('../pages/identity/NotAllowedPage.vue') },
    { path: '/network/:id', component: () => import('../pages/links/NetworkLessonPage.vue'), props: true },
    {
      path: '/:rest(.*)*',
      component: () => import('./NotFoundPage.vue'),
      meta: { open: true },
    },
  ],
})

router.beforeEach(async (to) => {
  if (identity.value === null) {
    try {
      await whoAmI()
    } catch (failure) {
      // Without a server, show the login page: it says so when it is used.
      if (!(failure instanceof ApiError)) throw failure
    }
  }
  if (to.meta.open === true && (to.meta.guests !== true || identity.value === null)) return true
  // Until the password is changed, the server answers nothing else.
  if (identity.value?.must_change_password === true && to.path !== '/password') return '/password'
  if (to.meta.needs !== undefined && identity.value !== null && !may(to.meta.needs)) return '/not-allowed'
  if (identity.value !== null) return true
  return { path: '/login', query: to.path === '/' ? {} : { next: to.fullPath } }
})
