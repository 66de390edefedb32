import type { Role } from '../../core/base/wire'

/** Roles that people are given, the usual ones first; a classroom's terminal has its own by itself. */
export const PEOPLES_ROLES: readonly Role[] = [
  'lead_teacher',
  'assistant',
  'resource_admin',
  'researcher',
  'inspector',
  'county_admin',
]
