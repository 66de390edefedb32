/** 到课人数 as it is entered by touch: where the stepper begins, and what it may show. */

import { MOST_PUPILS, pupilsIn } from '../base/pupils'

/** Where the number comes from that is offered: counted before, the class's size, the last lesson's, or nowhere. */
export type Offer = { readonly from: 'counted' | 'class' | 'last'; readonly n: number } | null

export function offered(counted: number | null, classSize: number | undefined, last: string | null): Offer {
  if (counted !== null) return { from: 'counted', n: counted }
  if (classSize !== undefined && classSize > 0) return { from: 'class', n: classSize }
  const before = pupilsIn(last ?? '')
  return before === null || before === 0 ? null : { from: 'last', n: before }
}

/** One press of a button; a text that is no number counts as none. */
export function stepped(text: string, by: number): string {
  return String(Math.max(0, Math.min(MOST_PUPILS, (pupilsIn(text) ?? 0) + by)))
}
