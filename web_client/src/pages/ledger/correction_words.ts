import { changesBetween } from '../../core/ledger/figures'
import type { LedgerCorrection } from '../../core/base/wire'
import { i18n } from '../../i18n'

/** 实开 0 → 1, 待说明 1 → 0. */
export function correctionWords({ before, after }: Pick<LedgerCorrection, 'before' | 'after'>): string {
  const { t } = i18n.global
  return changesBetween(before, after)
    .map((one) => t('months.changed', { figure: t(`ledger.corrected.${one.figure}`), before: one.before, after: one.after }))
    .join(t('app.listComma'))
}
