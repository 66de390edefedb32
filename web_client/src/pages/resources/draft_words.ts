/** Words for the values of a draft, where two drafts are compared. */
import type { Draft, PartName } from '../../core/library/draft'
import { valueOf } from '../../core/library/draft'
import { timeText } from '../../core/library/time_text'
import type { Chapter, Span } from '../../core/base/wire'
import { i18n } from '../../i18n'

const NAMED: Partial<Record<PartName, string>> = { stage: 'schoolStage', kind_of_resource: 'resourceType', audience: 'audience', language: 'language' }

export const partName = (name: PartName): string => i18n.global.t(`meta.${name}`)

/** One value in words; `sources` has the names of hidden sources. */
export function partWords(draft: Draft, name: PartName, sources: ReadonlyMap<string, string>): string {
  const { t, te } = i18n.global
  const value = valueOf(draft, name)
  const nothing = t('meta.nothing')
  if (value === null || value === '') return nothing
  if (typeof value === 'boolean') return t(value ? 'meta.yes' : 'meta.no')
  if (typeof value === 'number') return timeText(value)
  if (typeof value === 'string') return NAMED[name] && te(`${NAMED[name]}.${value}`) ? t(`${NAMED[name]}.${value}`) : value
  if (value.length === 0) return name === 'keep' ? t('meta.keepAll') : nothing
  return value.map((one) => itemWords(one, sources)).join(t('app.listComma'))
}

function itemWords(item: string | Span | Chapter, sources: ReadonlyMap<string, string>): string {
  if (typeof item === 'string') return sources.get(item) ?? item
  if ('title' in item) return `${timeText(item.at_s)} ${item.title}`
  return `${timeText(item.start_s)}–${timeText(item.end_s)}`
}

/** The sources of a recording by their ids, as pages name them. */
export function sourceNames(sources: readonly { source_id: string; lead: boolean; kind: string; name: string }[]): ReadonlyMap<string, string> {
  const { t } = i18n.global
  const name = (one: { lead: boolean; kind: string; name: string }): string =>
    one.lead ? t(one.kind === 'courseware' ? 'player.courseware' : 'player.camera') : one.name
  return new Map(sources.map((one) => [one.source_id, name(one)]))
}
