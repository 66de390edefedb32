/** Requests about files; uploads go another way (`upload.ts`). */
import type { RestClient } from '../base/rest'
import type { FileInfo, FileList } from '../base/wire'

export class FilesApi {
  constructor(
    private readonly rest: Pick<RestClient, 'call'>,
    private readonly base = '',
  ) {}

  /** A page of our files, newest first; `before` is the `next` of the page before. */
  list(before: string | null = null): Promise<FileList> {
    return this.rest.call('GET', `/api/files${before === null ? '' : `?before=${encodeURIComponent(before)}`}`)
  }

  file(fileId: string): Promise<FileInfo> {
    return this.rest.call('GET', pathOf(fileId))
  }

  /** Deletes a file, or ends its upload. */
  remove(fileId: string): Promise<void> {
    return this.rest.call('DELETE', pathOf(fileId))
  }

  /** Where a browser downloads a file from. */
  contentUrl(fileId: string): string {
    return `${this.base}${pathOf(fileId)}/content`
  }
}

function pathOf(fileId: string): string {
  return `/api/files/${encodeURIComponent(fileId)}`
}
