import type { baseZh } from './base.zh'

/** Texts of the frame around every page, in English. */
export const baseEn: typeof baseZh = {
  app: {
    name: 'Tongke',
    tagline: 'A great teacher\'s classroom, in every village school',
    language: '中文',
    loading: 'Loading…',
    typeForMore: 'There are more: type to narrow',
    retry: 'Try again',
    cancel: 'Cancel',
    confirm: 'OK',
    close: 'Close',
    back: 'Back',
    copy: 'Copy',
    copied: 'Copied',
    notFound: 'No such page',
    home: 'Home',
    notAllowed: 'You may not see this page',
    listComma: ', ',
    leaveUnsaved: 'Changes are not saved. Leave all the same?',
  },
  nav: { today: 'Today', library: 'Library', network: 'Network', login: 'Sign in', logout: 'Sign out' },
  length: {
    hours: '{hours} h {minutes} min',
    wholeHours: '{hours} h',
    minutes: '{minutes} min {seconds} s',
    wholeMinutes: '{minutes} min',
    seconds: '{seconds} s',
    left: '{n} min are left of the planned time.',
    over: 'The planned time is over by {n} min.',
    due: 'The planned time is over.',
  },
}
