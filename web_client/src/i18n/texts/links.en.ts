import type { linksZh } from './links.zh'

/** Texts of link quality, in English. */
export const linksEn: typeof linksZh = {
  link: {
    good: 'Good',
    fair: 'Fair',
    poor: 'Poor',
    offline: 'Offline',
    title: 'Network',
    seeing: { h: 'HD', m: 'SD', l: 'Low', stills: 'Still pages', sound: 'Sound only' },
    why: { rate: 'slow link', loss: 'loss', outage: 'cut', uplink: 'slow uplink', codec: 'no decoder in the browser' },
    sees: 'Sees now: {what}',
    because: 'Because: {why}',
    carries: 'Downlink about {rate}',
    loss: 'Loss {share}',
    rtt: 'Round trip {ms} ms',
    uplink: 'Uplink: {state}',
  },
  network: {
    title: 'Network quality',
    span: { 1: 'Today', 7: '7 days', 30: '30 days' },
    room: 'Room',
    lessons: 'Lessons: {n}',
    bad: 'Poor or offline {share}',
    least: 'least {rate}',
    lead: 'Lead',
    back: 'All rooms',
    empty: 'No records of these days',
    emptyHint: 'Links are recorded during every lesson and kept for 90 days.',
    nothing: 'This lesson has no records',
    nothingHint: 'The first figures come about 10 seconds after it begins.',
    noPoints: 'Never entered: nothing was recorded.',
    noLessons: 'No lesson was held on this day.',
    chartOf: 'The link of {name}',
    lane: { link: 'Link', carries: 'Bandwidth', loss: 'Loss', rtt: 'Round trip', seen: 'Seen' },
    seen: { h: 'HD', m: 'SD', l: 'Low', stills: 'Still pages', sound: 'Sound only', offline: 'Offline' },
  },
}
