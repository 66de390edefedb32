import type { unwantedZh } from './unwanted.zh'

/** Texts of unwanted periods, in English. */
export const unwantedEn: typeof unwantedZh = {
  unwanted: {
    title: 'Unwanted periods',
    hint: 'Periods that had better stay free (told), and periods that must stay free (a clash; proposals keep off).',
    whose: 'For whom',
    kind: { teacher: 'Teacher', school: 'School', subject: 'Subject' },
    choose: { teacher: 'Choose a teacher', school: 'Choose a school', subject: 'Choose a subject' },
    level: { avoid: 'better not', forbid: 'never' },
    free: 'free to use',
    brush: 'A click means',
    known: 'Set already',
    knownEmpty: 'Nothing set yet',
    marks: '{avoid} better not · {forbid} never',
    pick: 'Choose a teacher, a school or a subject first',
    pickHint: 'Then click a cell of the week, or drag over several.',
    cell: '{day}, {period}: {level}',
    wholeDay: 'All of {day}',
    wholePeriod: 'Every day, {period}',
    keys: 'Keys: arrows move, Space goes on to the next mark, 1 better not, 2 never, 0 free.',
    changed: '{n} cells changed, not saved yet',
    save: 'Save',
    undo: 'Undo',
    saved: 'Saved.',
    meanwhile: 'Somebody has just changed the periods of {name}. They are up to date: please mark again.',
    leave: 'Save or undo first.',
  },
}
