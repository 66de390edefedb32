import type { filesZh } from './files.zh'

/** Texts of files and uploads, in English. */
export const filesEn: typeof filesZh = {
  file: {
    choose: 'Choose a file',
    another: 'Choose another file',
    drop: 'or drop it here',
    most: 'at most {size}',
    megabytes: '{n} MB',
    kilobytes: '{n} KB',
    sending: 'Uploading {name}',
    progress: 'Progress of the upload',
    percent: '{percent}%',
    save: 'Save {name}',
    cancel: 'Cancel the upload',
    ready: '{name} is uploaded ({size})',
    failed: '{name} was not uploaded. {reason}',
    oneOnly: 'Please choose one file at a time.',
  },
}
