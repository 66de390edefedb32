import type { filmsZh } from './films.zh'

/** Texts of MP4 export, in English. */
export const filmsEn: typeof filmsZh = {
  film: {
    title: 'Export MP4',
    what: 'One MP4 file of this version. The courseware is large and the teacher in the corner; a room on stage stands beside the teacher; one picture alone fills the screen. What is cut or hidden is not in it.',
    minutes: 'It takes about {n} min.',
    order: 'Export',
    going: 'Exporting…',
    again: 'Export again',
    waiting: 'Waiting for its turn. It takes about {n} min.',
    making: '{percent}% done, about {n} min left.',
    leave: 'You may close this box and come back later.',
    cancel: 'Cancel',
    ready: 'The file is ready, {size}.',
    until: 'It is kept until {at}.',
    save: 'Download',
    remove: 'Delete the file',
    stale: 'The version was changed, so the former MP4 cannot be downloaded any more. Please export it again.',
    failed: 'The export failed: ',
    unsaved: 'There are unsaved changes. The file has what was saved last.',
    most: 'A person keeps {n} MP4 files at most; the next one takes the place of the oldest.',
    close: 'Close',
  },
}
