import { CommandFailed } from '../core/control'
import { ApiError } from '../core/rest'
import { i18n } from '.'

/**
 * What to tell a person about a failure: our own words where the code says all there is to say, else the
 * server's sentence, which names what is wrong with this very input.
 */
export function faultText(failure: unknown): string {
  const { t, te } = i18n.global
  if (!(failure instanceof ApiError) && !(failure instanceof CommandFailed)) return t('problem.other')
  const own = `problem.${failure.code}`
  const unreachable = failure instanceof ApiError && failure.unreachable
  const key = unreachable && !te(own) ? 'problem.network' : own
  if (te(key)) return t(key, { detail: failure.message })
  return failure.message !== failure.code ? failure.message : t('problem.other')
}
