import { identity, may } from './identity'

/** Path of the page where the present user starts. */
export function home(): string {
  if (identity.value === null) return '/login'
  // Only a resource admin reads all recordings without observing lessons, and starts in the library.
  return may('read_all_recordings') && !may('observe') ? '/library' : '/teacher'
}
