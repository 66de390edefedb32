/** Pages of 资源管理: what is made of recordings, and what is reviewed. */
import type { AdminPage } from './page'

export const resourcePages: readonly AdminPage[] = [
  {
    path: '/resources/reviews',
    title: 'review.menu',
    component: () => import('../../pages/resources/QueuePage.vue'),
    needs: 'review_resource',
  },
  {
    path: '/resources/reviews/:id',
    title: null,
    component: () => import('../../pages/resources/ReviewPage.vue'),
    needs: 'review_resource',
  },
  {
    path: '/resources/recommended',
    title: null,
    under: '/resources/reviews',
    component: () => import('../../pages/resources/RecommendedPage.vue'),
    needs: 'review_resource',
  },
  {
    path: '/resources/recommended/:id',
    title: null,
    component: () => import('../../pages/resources/RecommendedOnePage.vue'),
    needs: 'review_resource',
  },
  {
    path: '/resources/published',
    title: 'published.menu',
    component: () => import('../../pages/resources/PublishedPage.vue'),
    needs: 'publish_resource',
  },
  {
    path: '/resources/mine',
    title: 'resource.mine',
    component: () => import('../../pages/resources/MinePage.vue'),
    needs: 'edit_resource',
  },
  {
    path: '/resources/upload',
    title: null,
    under: '/resources/mine',
    component: () => import('../../pages/resources/UploadPage.vue'),
    needs: 'edit_resource',
  },
  {
    path: '/resources/mine/:id',
    title: null,
    component: () => import('../../pages/resources/EditPage.vue'),
    needs: 'edit_resource',
  },
  {
    path: '/resources/recordings',
    title: 'library.recordings',
    component: () => import('../../pages/recordings/RecordingsPage.vue'),
  },
  {
    path: '/resources/coverage',
    title: 'coverage.title',
    component: () => import('../../pages/resources/CoveragePage.vue'),
    needs: 'read_resource_figures',
  },
  {
    path: '/resources/use',
    title: 'use.title',
    component: () => import('../../pages/resources/UsePage.vue'),
    needs: 'read_resource_figures',
  },
  {
    path: '/resources/catalogue',
    title: 'catalogue.title',
    component: () => import('../../pages/resources/CataloguePage.vue'),
    needs: 'manage_directory',
  },
  {
    path: '/resources/harvests',
    title: 'harvest.title',
    component: () => import('../../pages/resources/HarvestsPage.vue'),
    needs: 'manage_harvests',
  },
  {
    path: '/resources/packages',
    title: 'package.title',
    component: () => import('../../pages/resources/PackagePage.vue'),
    needs: 'upload_material',
  },
  {
    path: '/resources/policies',
    title: 'policy.title',
    component: () => import('../../pages/resources/PoliciesPage.vue'),
    needs: 'set_review_policy',
  },
  {
    path: '/resources/retention',
    title: 'retention.menu',
    component: () => import('../../pages/resources/RetentionPage.vue'),
    needs: 'read_retention',
  },
  {
    path: '/resources/retention/:id',
    title: null,
    component: () => import('../../pages/resources/RetentionOnePage.vue'),
    needs: 'read_retention',
  },
]
