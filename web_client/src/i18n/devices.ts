/** What is wrong with one's own camera or microphone, and where to click, in words. */
import { browserKind } from '../core/browser_kind'
import { isFailing } from '../core/device_check'
import type { DeviceState } from '../core/wire'
import { i18n } from '.'

/** The whole of it; empty for a device that works, is not known yet, or was switched off. */
export function deviceHelp(kind: 'camera' | 'microphone', state: DeviceState): string {
  if (!isFailing(state)) return ''
  const { t } = i18n.global
  const what = t(`device.${kind}.${state}`)
  return state === 'denied' ? `${what}${t(`device.allow.${browserKind(navigator.userAgent)}`)}` : what
}

/** A few words for the edge of a large screen. */
export function deviceShort(kind: 'camera' | 'microphone', state: DeviceState): string {
  return isFailing(state) ? i18n.global.t(`device.short.${kind}.${state}`) : ''
}
