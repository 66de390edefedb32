/** What jobs of imports and exports leave behind. */
import type { DirectoryExported, DirectoryImported, Job } from '../base/wire'

/** How an import stands: the file is not read, cells are in the way, nothing is to be done, ready, or done. */
export type ImportStand = 'refused' | 'issues' | 'nothing' | 'ready' | 'applied'

export function standOf(outcome: DirectoryImported): ImportStand {
  if (outcome.refused !== null) return 'refused'
  if (outcome.issues_total > 0) return 'issues'
  if (outcome.added + outcome.changed === 0) return 'nothing'
  return outcome.applied ? 'applied' : 'ready'
}

/** The outcome of an import that ended; null: it failed or was cancelled. */
export function importedBy(job: Job): DirectoryImported | null {
  return job.state === 'done' && has(job.result, 'issues') ? (job.result as DirectoryImported) : null
}

/** The file that an export made; null: it failed or was cancelled. */
export function exportedBy(job: Job): DirectoryExported | null {
  return job.state === 'done' && has(job.result, 'file_id') ? (job.result as DirectoryExported) : null
}

function has(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && key in value
}
