/** Words for clashes and verdicts, made of rules, names and figures. */
import type { ClashFact } from '../core/timetable/clash_facts'
import type { Verdict } from '../core/timetable/slot_checks'
import type { ClashFound, ClashLesson } from '../core/base/wire'
import { i18n } from '.'
import { faultText } from './faults'
import { momentText } from './slots'

const KBPS_RULES = ['uplink', 'relay']

function figure(found: ClashFound, value: number | null): string {
  if (value === null) return '–'
  return KBPS_RULES.includes(found.rule) ? `${Math.round(value / 100) / 10} Mbit/s` : String(value)
}

export function whoText({ who }: Pick<ClashFound, 'who'>): string {
  return who.name === '' ? i18n.global.t(`clash.who.${who.kind}`) : who.name
}

/** What is broken, without the other lessons. */
export function ruleText(found: ClashFound): string {
  return i18n.global.t(`clash.rule.${found.rule}`, {
    who: whoText(found),
    needed: figure(found, found.needed),
    available: figure(found, found.available),
  })
}

export function otherText(other: ClashLesson): string {
  return i18n.global.t('clash.with', {
    title: other.title,
    teacher: other.lead_teacher,
    when: momentText(other.starts_at),
  })
}

/** One clash in one line: what is broken, with which lesson, how often. */
export function clashText({ found, others, times }: ClashFact): string {
  const { t } = i18n.global
  const [first] = others
  const parts = [
    ruleText(found),
    first === undefined ? '' : otherText(first) + (others.length > 1 ? t('clash.andMore', { n: others.length }) : ''),
    times > 1 ? t('clash.times', { n: times }) : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** A few words for the cell below a carried lesson. */
export function verdictShort(verdict: Verdict): string {
  const { t } = i18n.global
  if (verdict.kind === 'hard' || verdict.kind === 'soft') {
    const first = verdict.clashes.find((one) => one.level === verdict.kind)
    const who = first === undefined ? '' : whoText(first)
    return t(verdict.kind === 'hard' ? 'carry.clashShort' : 'carry.softShort', { who })
  }
  return t(`carry.${verdict.kind}Short`)
}

/** A verdict in a sentence, for the line below the table and for screen readers. */
export function verdictText(verdict: Verdict | null): string {
  const { t } = i18n.global
  if (verdict === null) return t('carry.back')
  if (verdict.kind === 'refused') return `${t('carry.refused')} · ${faultText(verdict.failure)}`
  if (verdict.kind === 'hard' || verdict.kind === 'soft') {
    const first = verdict.clashes.find((one) => one.level === verdict.kind)
    return first === undefined ? t(`carry.${verdict.kind}`) : `${t(`carry.${verdict.kind}`)} · ${clashText({ found: first, others: first.others, times: 1 })}`
  }
  return t(`carry.${verdict.kind}`)
}
