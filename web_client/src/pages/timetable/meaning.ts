/** What a text of an imported file was taken for, in words. */
import { useI18n } from 'vue-i18n'
import type { ImportMatchLine } from '../../core/base/wire'
import { COLUMN_FIELDS, WITHOUT } from '../../core/timetable/import_steps'

export function useMeaning(): (line: ImportMatchLine) => string {
  const { t } = useI18n()
  return (line) => {
    if (line.targets.length === 0) return t('imports.left')
    return line.targets
      .map(({ id, name, hint }) => {
        if (id === WITHOUT) return t('imports.without')
        if (line.topic === 'column' && COLUMN_FIELDS.some((one) => one === id)) return t(`imports.field.${id}`)
        return hint ? `${name} ${hint}` : name
      })
      .join(t('app.listComma'))
  }
}
