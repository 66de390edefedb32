/** A link in two words: what can be seen over it, and why it is not more. Keys of the texts `link.*`. */
import type { Link } from '../base/wire'

export type Seeing = 'h' | 'm' | 'l' | 'stills' | 'sound' | 'nothing'
export type Why = 'none' | 'rate' | 'loss' | 'outage' | 'uplink' | 'codec' | 'excess'

export interface LinkWords {
  readonly seeing: Seeing
  readonly why: Why
}

/**
 * Pictures below full size, or none, are worth a reason; so is an uplink that its pictures do not fit. Who sends more
 * than the server takes loses some of it: that says nothing of the uplink.
 *
 * @param pictures there is something to be seen. A link that is full of sound is not called limited any more.
 */
export function linkWords(link: Link, pictures: boolean): LinkWords {
  return { seeing: seeing(link, pictures), why: why(link) }
}

function seeing(link: Link, pictures: boolean): Seeing {
  if (link.state === 'offline') return 'nothing'
  if (link.stills) return 'stills'
  if (link.seeing === 'h' || link.seeing === 'm' || link.seeing === 'l') return link.seeing
  return pictures || link.limit !== 'none' ? 'sound' : 'nothing'
}

function why(link: Link): Why {
  if (link.state === 'offline') return link.limit === 'outage' ? 'outage' : 'none'
  if (link.codec_missing) return 'codec'
  if (link.excess !== 'none') return 'excess'
  if (link.limit !== 'none') return link.limit
  if (link.stills) return 'rate' // a link without room for all pictures is too slow, even if nothing is called limited
  return link.uplink === 'poor' || link.uplink === 'fair' ? 'uplink' : 'none'
}

/** A rate as people say it: `1.2 Mbit/s`, `90 kbit/s`. */
export function rateText(bps: number): string {
  if (bps < 1_000_000) return `${Math.round(bps / 1000)} kbit/s`
  const megabits = bps / 1_000_000
  return `${megabits.toFixed(megabits < 10 ? 1 : 0)} Mbit/s`
}

/** A share as people say it; what is more than nothing is not rounded to nothing. */
export function percentText(share: number): string {
  const percent = share * 100
  return percent > 0 && percent < 1 ? '<1%' : `${Math.round(percent)}%`
}
