/** What a source may be shown for, though it lacks the widest consent; and what to do about it. */
import type { CheckFinding } from '../../core/base/wire'

type Translate = (key: string, facts?: Record<string, string>) => string

export function consentWords(t: Translate, { allowed, picture_only: picture }: CheckFinding): string {
  const way = t(picture ? 'finding.consent.sound' : 'finding.consent.hide')
  if (allowed === null) return t('finding.consent.none', { way })
  return t('finding.consent.narrow', { scope: t(`scope.${allowed}`), way })
}
