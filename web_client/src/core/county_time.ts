/** Times as the county reads them. A lesson's day and hour are the county's, whatever the computer thinks. */
export const COUNTY_TIME_ZONE = 'Asia/Shanghai'
const COUNTY_OFFSET = '+08:00' // Asia/Shanghai has had no summer time since 1991

const dayFormat = new Intl.DateTimeFormat('en-CA', {
  timeZone: COUNTY_TIME_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})
const hourFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: COUNTY_TIME_ZONE,
  hour: '2-digit',
  minute: '2-digit',
})

/** `2026-11-22`, the county's day at that moment. */
export function countyDay(wallMs: number): string {
  return dayFormat.format(wallMs)
}

/** `08:30`. */
export function countyHour(time: string | number): string {
  return hourFormat.format(typeof time === 'number' ? time : Date.parse(time))
}

/** RFC 3339 with offset from a county day (`2026-11-22`) and hour (`08:30`). */
export function countyTime(day: string, hour: string): string {
  return `${day}T${hour}:00${COUNTY_OFFSET}`
}

/** `3:05` or `1:02:03`, whole seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const rest = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** A span of time in the largest whole units that matter to a person who waits. */
export interface Countdown {
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
}

/** What is left until a moment, or null once it has come. */
export function countdown(untilMs: number, nowMs: number): Countdown | null {
  const left = Math.ceil((untilMs - nowMs) / 1000)
  if (left <= 0) return null
  return {
    hours: Math.floor(left / 3600),
    minutes: Math.floor((left % 3600) / 60),
    seconds: left % 60,
  }
}
