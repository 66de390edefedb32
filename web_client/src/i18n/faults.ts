/** Words for failures, made of codes and facts. No sentence of the server is shown. */
import { ApiError } from '../core/base/rest'
import type { RecordingSummary } from '../core/base/wire'
import { CommandFailed } from '../core/classroom/control'
import { i18n } from '.'

/** Words for a request or command that failed: those of its code, else of its kind. */
export function faultText(failure: unknown): string {
  const { t, te } = i18n.global
  if (!(failure instanceof ApiError) && !(failure instanceof CommandFailed)) return t('problem.other')
  const own = `problem.${failure.code}`
  const facts = failure instanceof ApiError ? failure.facts : {}
  if (te(own)) return t(own, facts)
  const unreachable = failure instanceof ApiError && failure.unreachable
  return t(unreachable ? 'problem.network' : 'problem.other')
}

/** Words for a recording that could not be finished. */
export function recordingFaultText({ failure, retrying }: Pick<RecordingSummary, 'failure' | 'retrying'>): string {
  const { t, te } = i18n.global
  const own = `library.failure.${failure}`
  const reason = t(te(own) ? own : 'library.failure.finishing_failed')
  return t(retrying ? 'library.failedRetrying' : 'library.failed', { reason })
}
