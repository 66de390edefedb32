/** 发布: who may see it, with which password, and until when. */
import { dayAfter } from '../base/county_time'
import type { ShareScope } from '../base/wire'

/** From the fewest to all. */
export const SCOPES: readonly ShareScope[] = ['private', 'school', 'county', 'signed_in', 'password', 'public']
export const LEAST_PASSWORD = 6 // characters, as the server wants
export const MOST_PASSWORD = 64

export type Until = 'always' | 'week' | 'month' | 'year' | 'day'
export const UNTILS: readonly Until[] = ['always', 'week', 'month', 'year', 'day']
const DAYS: Readonly<Record<'week' | 'month' | 'year', number>> = { week: 7, month: 30, year: 365 }

/** The last county day on which it is shown, or null where it has no end. */
export function lastDay(until: Until, today: string, chosen: string): string | null {
  if (until === 'always') return null
  if (until === 'day') return chosen
  return dayAfter(today, DAYS[until])
}

/** A form of publishing that may be sent. @param kept a password that is set already stays. */
export function isPublishable(scope: ShareScope | '', password: string, until: Until, chosen: string, today: string, kept: boolean): boolean {
  if (scope === '') return false
  const long = password.length >= LEAST_PASSWORD && password.length <= MOST_PASSWORD
  if (scope === 'password' && !long && !(kept && password === '')) return false
  return until !== 'day' || (/^\d{4}-\d{2}-\d{2}$/.test(chosen) && chosen >= today)
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789' // without those that are mistaken for others

/** A password that is easily told on the phone. @param random one byte for each letter. */
export function spokenPassword(random: readonly number[]): string {
  return random.map((byte) => LETTERS[byte % LETTERS.length]).join('')
}
