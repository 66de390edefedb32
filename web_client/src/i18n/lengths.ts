/** Lengths of time in words: 1分21秒, 5分钟, 1小时5分. */
import { lengthOf, minutesLeft } from '../core/lessons/lesson_timing'
import { i18n } from '.'

/** Seconds are said below an hour. A part that is zero at the end is left out. */
export function lengthText(seconds: number): string {
  const { t } = i18n.global
  const { hours, minutes, seconds: rest } = lengthOf(seconds)
  if (hours > 0) return t(minutes > 0 ? 'length.hours' : 'length.wholeHours', { hours, minutes })
  if (minutes > 0) return t(rest > 0 ? 'length.minutes' : 'length.wholeMinutes', { minutes, seconds: rest })
  return t('length.seconds', { seconds: rest })
}

/** The rest of the planned time, for the question before 下课. */
export function leftText(endsAt: string, serverNowMs: number): string {
  const left = minutesLeft(endsAt, serverNowMs)
  const n = Math.abs(left)
  return i18n.global.t(left > 0 ? 'length.left' : n > 0 ? 'length.over' : 'length.due', { n })
}
