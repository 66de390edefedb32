/** Texts of the textbook catalogue, in English. */
import type { catalogueZh } from './catalogue.zh'

export const catalogueEn: typeof catalogueZh = {
  catalogue: {
    title: 'Textbook catalogue',
    hint: 'The subjects, editions, grades, volumes and chapters to choose from when a resource is described.',
    county: 'County',
    noCounty: 'You manage the textbook catalogue of no county',
    shipped: 'Names of stages, subjects, editions and volumes are built in; chapters come from a file of your own.',
    figure: { books: 'Textbooks', chapters: 'Chapters', gone: 'Chapters no longer listed' },
    import: 'Import chapters',
    importHint: 'JSON as the national platform writes it, or Excel with the columns 学段, 学科, 版本, 年级, 册, 章节, 课; at most 20 MB. It is read first; nothing is written before you have seen the changes.',
    apply: 'Write into the catalogue',
    changes: 'Changes',
    more: '{n} more changes are not listed.',
    wholeBook: '(whole book)',
    goneHint: 'Chapters that are no longer listed are kept. Published resources use {n} of them and stay as they are.',
    skipped: '{n} entries belong to no stage or lack a level; they were not read.',
    count: { books: 'Textbooks in the file', new: 'New', moved: 'Reordered', gone: 'No longer listed', unchanged: 'Unchanged' },
    kind: { new: 'New', moved: 'Reordered', gone: 'No longer listed' },
    column: { kind: 'Change', book: 'Textbook', section: 'Chapter' },
    stand: { nothing: 'The catalogue says what the file says; nothing to change.', ready: 'Read, but not written yet.', applied: 'Written into the catalogue.' },
    fault: {
      catalogue_not_json: 'This is no valid JSON of a catalogue.',
      catalogue_no_books: 'No textbook was found in the file.',
      catalogue_no_columns: 'The first row lacks the columns 学段, 学科, 版本, 册.',
      catalogue_too_deep: 'The file has too many levels.',
      catalogue_too_many: 'The file has too much in it; import one stage at a time.',
    },
  },
}
