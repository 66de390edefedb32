/** Words for a fault of one's own camera or microphone, and where to click. */
import { browserKind } from '../core/media/devices/browser_kind'
import { isFailing } from '../core/media/devices/device_check'
import type { DeviceState } from '../core/base/wire'
import { i18n } from '.'

/** All the words; empty for a device that works, is not known yet, or was switched off. */
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
