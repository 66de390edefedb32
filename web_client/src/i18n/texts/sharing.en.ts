import type { sharingZh } from './sharing.zh'

/** Texts of share links, in English. */
export const sharingEn: typeof sharingZh = {
  share: {
    open: 'Share',
    title: 'Share “{title}”',
    at: 'Start at {at}',
    plain: 'Plain link',
    plainHint: 'It opens for those for whom the resource is published.',
    copy: 'Copy link',
    copied: 'Copied',
    byHand: 'Please copy this address',
    links: 'Links for a while',
    linksHint: 'Whoever has such a link watches without signing in or a password, until it ends or is revoked.',
    days: 'Days',
    daysOf: '{n} days',
    note: 'For whom (optional)',
    make: 'Make a link',
    once: 'The link is shown this once. Please copy it now:',
    none: 'No such link opens this resource.',
    column: { note: 'For whom', until: 'Ends', uses: 'Opened', act: 'Actions' },
    used: '{n} times',
    revoke: 'Revoke',
    revoked: 'The link was revoked.',
    close: 'Close',
    wrong: 'This link is wrong, or the resource was withdrawn',
    wrongHint: 'Please ask for a new link.',
  },
}
