/** Times as the county reads them. A lesson's day and hour are the county's, whatever the computer thinks. */

const DAY_MS = 86_400_000
export const DEFAULT_ZONE = 'Asia/Shanghai' // until the server has told the county's

/** A zone's days and hours. All reckoning is done in UTC, moved by the zone's offset at that moment. */
export class CountyZone {
  readonly name: string
  private readonly parts: Intl.DateTimeFormat

  /** @param name IANA; one that this browser does not know gives the default zone. */
  constructor(name: string) {
    const known = isZone(name)
    this.name = known ? name : DEFAULT_ZONE
    this.parts = new Intl.DateTimeFormat('en-US', {
      timeZone: this.name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** `2026-11-22`, the county's day at that moment. */
  day(time: string | number): string {
    return this.local(time).slice(0, 10)
  }

  /** `08:30`. */
  hour(time: string | number): string {
    return this.local(time).slice(11, 16)
  }

  /** Date and time in a language's own words. */
  text(time: string | number, language: string, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: this.name }).format(ms(time))
  }

  /**
   * RFC 3339 of a county day (`2026-11-22`) and hour (`08:30`). An hour that summer time leaves out is the
   * one after it; of an hour that comes twice it is the first.
   */
  time(day: string, hour: string): string {
    const wanted = Date.parse(`${day}T${hour}:00Z`)
    const before = this.offsetMs(wanted - DAY_MS)
    const after = this.offsetMs(wanted + DAY_MS)
    const first = wanted - Math.max(before, after)
    const last = wanted - Math.min(before, after)
    const fits = [first, last].find((at) => at + this.offsetMs(at) === wanted)
    return iso(fits ?? wanted - before)
  }

  /** The moment at which the county's day begins. */
  dayStart(day: string): number {
    return Date.parse(this.time(day, '00:00'))
  }

  private local(time: string | number): string {
    const at = ms(time)
    return iso(at + this.offsetMs(at))
  }

  /** The zone's clock minus UTC, in whole seconds. */
  private offsetMs(at: number): number {
    const whole = Math.floor(at / 1000) * 1000
    const found: Record<string, number> = {}
    for (const { type, value } of this.parts.formatToParts(whole)) found[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found
    // Chromium 80 writes midnight as 24 in spite of h23.
    return Date.UTC(year, month - 1, day, hour % 24, minute, second) - whole
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return name !== ''
  } catch {
    return false
  }
}

function ms(time: string | number): number {
  return typeof time === 'number' ? time : Date.parse(time)
}

/** RFC 3339 in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** A calendar day so many days later. */
export function dayAfter(day: string, days: number): string {
  return iso(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).slice(0, 10)
}

/** A calendar day in a language's own words; it belongs to no zone. */
export function dayText(day: string, language: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`))
}

/** The day a page shows when the county's day changed: who looked at today goes on looking at today. */
export function rolledDay(shown: string, todayBefore: string, today: string): string {
  return shown === todayBefore ? today : shown
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
