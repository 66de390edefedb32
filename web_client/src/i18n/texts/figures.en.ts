/** Texts of nominations, coverage and use, in English. */
import type { figuresZh } from './figures.zh'

export const figuresEn: typeof figuresZh = {
  nomination: {
    title: 'Nominations',
    year: 'School year {from}–{to}',
    ofYear: 'School year',
    make: 'Nominate',
    makeTitle: 'Nominate for {year}',
    revoke: 'Take back',
    revokeTitle: 'Take the nomination for {year} back',
    reason: 'Reason (needed; kept in the log)',
    stands: 'Nominated',
    revoked: 'Taken back',
  },
  coverage: {
    title: 'Nominated lessons',
    hint: 'Coverage = active teachers with a nominated lesson ÷ active teachers. Withdrawn lessons do not count.',
    export: 'Export to Excel',
    none: 'No schools in your area yet',
    noTeachers: 'No teachers',
    without: 'None yet',
    sums: '{nominated} of {teachers} teachers, {lessons} lessons',
    more: 'Too many schools: only some are shown. The workbook has all.',
    column: { school: 'School', county: 'County', teachers: 'Teachers', nominated: 'With a lesson', rate: 'Coverage', lessons: 'Lessons' },
  },
  use: {
    title: 'Use of resources',
    hint: 'Counts and minutes, never who watched. A viewer counts once an hour.',
    first: 'From',
    last: 'To',
    export: 'Export to Excel',
    none: 'Nobody watched in this time',
    noneHint: 'Try another span.',
    sums: '{plays} plays, {minutes} minutes watched, {downloads} downloads.',
    more: 'The 500 largest lines are shown. The workbook has all.',
    by: { school: 'By school', teacher: 'By teacher', resource: 'By resource' },
    column: { school: 'School', teacher: 'Teacher', resource: 'Resource', resources: 'Resources', plays: 'Plays', minutes: 'Minutes', downloads: 'Downloads' },
  },
}
