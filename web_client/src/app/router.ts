import { createRouter, createWebHistory } from 'vue-router'
import { hasRole, identity, whoAmI } from '../browser/identity'
import { ApiError } from '../core/rest'

declare module 'vue-router' {
  interface RouteMeta {
    /** May be seen without signing in. */
    readonly open?: boolean
    /** Without the header: the lesson needs the whole window. */
    readonly bare?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: () => home() },
    { path: '/login', component: () => import('../pages/LoginPage.vue'), meta: { open: true, bare: true } },
    { path: '/teacher', component: () => import('../pages/DayPage.vue') },
    {
      path: '/teacher/lessons/:id',
      component: () => import('../pages/LessonPage.vue'),
      props: true,
      meta: { bare: true },
    },
    { path: '/library', component: () => import('../pages/LibraryPage.vue') },
    { path: '/library/:id', component: () => import('../pages/RecordingPage.vue'), props: true },
    { path: '/network', component: () => import('../pages/NetworkPage.vue') },
    { path: '/network/:id', component: () => import('../pages/NetworkLessonPage.vue'), props: true },
    {
      path: '/:rest(.*)*',
      component: () => import('../pages/NotFoundPage.vue'),
      meta: { open: true },
    },
  ],
})

/** Where each kind of user starts. */
export function home(): string {
  if (identity.value === null) return '/login'
  return hasRole('lead_teacher', 'county_admin') ? '/teacher' : '/library'
}

router.beforeEach(async (to) => {
  if (identity.value === null) {
    try {
      await whoAmI()
    } catch (failure) {
      // Without a server nothing can be shown but the login page, which says so when used.
      if (!(failure instanceof ApiError)) throw failure
    }
  }
  if (to.meta.open === true || identity.value !== null) return true
  return { path: '/login', query: to.path === '/' ? {} : { next: to.fullPath } }
})
