import { createRouter, createWebHistory } from 'vue-router'
import { identity, may, whoAmI } from '../browser/identity'
import { ApiError } from '../core/rest'
import type { Action } from '../core/wire'

declare module 'vue-router' {
  interface RouteMeta {
    /** May be seen without signing in. */
    readonly open?: boolean
    /** Without the header: the lesson needs the whole window. */
    readonly bare?: boolean
    /** Only for those who may do this. */
    readonly needs?: Action
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
      component: () => import('../pages/LessonDoor.vue'),
      props: true,
      meta: { bare: true },
    },
    { path: '/library', component: () => import('../pages/LibraryPage.vue') },
    { path: '/library/:id', component: () => import('../pages/RecordingPage.vue'), props: true },
    { path: '/network', component: () => import('../pages/NetworkPage.vue'), meta: { needs: 'read_all_links' } },
    { path: '/not-allowed', component: () => import('../pages/NotAllowedPage.vue') },
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
  // A resource admin's work begins after the lesson: the library. All others begin with the day's lessons.
  return may('read_all_recordings') && !may('observe') ? '/library' : '/teacher'
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
  if (to.meta.open === true) return true
  if (to.meta.needs !== undefined && identity.value !== null && !may(to.meta.needs)) return '/not-allowed'
  if (identity.value !== null) return true
  return { path: '/login', query: to.path === '/' ? {} : { next: to.fullPath } }
})
