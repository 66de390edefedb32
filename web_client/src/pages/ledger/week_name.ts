import { i18n } from '../../i18n'
import { dateText } from '../../i18n/slots'

/** 第 5 周（9月28日 起）, or only its first day where no term is known. */
export function weekName(monday: string, week: number | null): string {
  const { t } = i18n.global
  const from = dateText(monday)
  return week === null ? t('ledger.weekOf', { from }) : t('ledger.weekNumber', { n: week, from })
}
