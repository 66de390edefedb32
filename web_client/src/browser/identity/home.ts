import { identity, may } from './identity'

/** Path of the page where the present user starts. */
export function home(): string {
  if (identity.value === null) return '/login'
  // A resource admin neither teaches nor observes, and starts with what waits for a review.
  return may('review_resource') && !may('observe') && !may('create_lesson') ? '/resources/reviews' : '/teacher'
}
