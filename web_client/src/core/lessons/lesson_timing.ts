/** A lesson against its planned time: started early, ended before or after its end. */

const EARLY_FROM_MS = 30 * 60_000 // teaching points may enter this long before; earlier there is nobody to teach
const MINUTE_MS = 60_000

/** Whole seconds until the planned beginning, where starting now is worth a question; else null. */
export function earlyByS(startsAt: string, serverNowMs: number): number | null {
  const earlyMs = Date.parse(startsAt) - serverNowMs
  return earlyMs > EARLY_FROM_MS ? Math.ceil(earlyMs / 1000) : null
}

/** Whole minutes until the planned end, rounded up; negative: over for so many whole minutes. */
export function minutesLeft(endsAt: string, serverNowMs: number): number {
  const left = (Date.parse(endsAt) - serverNowMs) / MINUTE_MS
  return left > 0 ? Math.ceil(left) : -Math.floor(-left)
}

/** A length in the parts that people say: `{ hours: 1, minutes: 5, seconds: 21 }`. */
export interface Length {
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
}

export function lengthOf(seconds: number): Length {
  const whole = Math.max(0, Math.floor(seconds))
  return { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60), seconds: whole % 60 }
}

/**
 * The time that a lesson has been held for, always with its hours: `0:01:21`.
 *
 * @param heldFrom null: it has not begun.
 */
export function heldClock(heldFrom: string | null, serverNowMs: number): string {
  const seconds = heldFrom === null ? 0 : (serverNowMs - Date.parse(heldFrom)) / 1000
  const { hours, minutes, seconds: rest } = lengthOf(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${hours}:${two(minutes)}:${two(rest)}`
}
