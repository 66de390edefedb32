import { dayText } from '../../core/base/county_time'
import { i18n } from '../../i18n'

/** 2026年9月. */
export function monthName(month: string): string {
  return dayText(`${month}-01`, i18n.global.locale.value, { year: 'numeric', month: 'long' })
}
