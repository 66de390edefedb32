import { createI18n } from 'vue-i18n'
import { memory } from '../browser/base/memory'
import { en } from './en'
import { zh } from './zh-CN'

export type Language = 'zh-CN' | 'en'

const chosen: Language = memory.get('language') === 'en' ? 'en' : 'zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: chosen,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = language
  memory.set('language', language === 'en' ? 'en' : null)
}
document.documentElement.lang = chosen
