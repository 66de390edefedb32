import type { rewatchZh } from './rewatch.zh'

/** Texts of 补看 on a classroom's screen, in English. */
export const rewatchEn: typeof rewatchZh = {
  rewatch: {
    title: 'Watch again',
    hint: "This room's lessons of the last 14 days, to be seen only here",
    none: 'No lessons of the last 14 days to watch again',
    loading: 'Loading…',
    failed: 'The list cannot be read; it keeps trying by itself',
    state: { ready: 'Ready', finishing: 'Being prepared, {percent}%', failed: 'Cannot be played now', retrying: 'Preparing failed; it is tried again' },
    missed: 'This room missed {n} min',
    open: 'Watch {title} again',
    watch: 'Watch',
    all: 'All {n} lessons',
    fewer: 'Show fewer',
    opening: 'Opening…',
    openFailed: 'This lesson cannot be opened',
    openFailedHint: 'Check the network and try again.',
    empty: 'This recording has no content',
    retry: 'Try again',
    back: 'Back',
    forward: 'Forward 1 min',
    toMissed: 'To what we missed',
    seek: 'Position',
    over: 'That was all',
    again: 'Once more',
    call: {
      soon: '"{title}" begins in {n} min',
      due: '"{title}" is due',
      live: 'The teacher has begun "{title}"',
    },
    goLesson: 'Stop and go to the lesson',
  },
}
