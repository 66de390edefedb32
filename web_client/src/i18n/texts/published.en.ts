import type { publishedZh } from './published.zh'

/** Texts of what is published, in English. */
export const publishedEn: typeof publishedZh = {
  published: {
    menu: 'Published',
    hint: 'What your schools have shared, the latest first. Change who may see it, or withdraw it.',
    views: { served: 'Shared now', expired: 'Ended', withdrawn: 'Withdrawn' },
    search: 'Title or teacher, also pinyin or initials',
    anyScope: 'Any audience',
    anySchool: 'All schools',
    empty: { served: 'Nothing is shared now', expired: 'Nothing has ended', withdrawn: 'Nothing was withdrawn' },
    emptyHint: 'What is reviewed and published appears here.',
    noneFound: 'Nothing matches',
    noneFoundHint: 'Try another word, or fewer filters.',
    clear: 'Clear the filters',
    column: { title: 'Resource', school: 'School', scope: 'Who may see it', when: 'Published', until: 'Until', use: 'Plays / downloads', reason: 'Reason', withdrawn: 'Withdrawn', act: 'Actions' },
    forEver: 'No end',
    manage: 'Manage',
    manageOf: 'Manage "{title}"',
    withdrawMany: 'Withdraw them',
  },
}
