/** One upload, from the choice of a file to what the server says of it. */
import { ApiError } from '../base/rest'
import type { FileInfo, FilePurpose } from '../base/wire'
import type { FilesApi } from './files_api'

/** A file as the browser hands it over. */
export interface ChosenFile {
  readonly name: string
  readonly size: number
}

/** The way of bytes to the server: tus in a browser, by hand in tests. It survives cuts by itself. */
export interface Transfer<F extends ChosenFile> {
  start(file: F, purpose: FilePurpose, listener: TransferListener): RunningTransfer
}

export interface TransferListener {
  sent(bytes: number): void
  /** All bytes are there, and the server has taken the file. */
  done(fileId: string): void
  /** Another try will not help. */
  failed(failure: ApiError): void
}

export interface RunningTransfer {
  /** Ends the transfer; the server forgets what came. Never rejects. */
  cancel(): Promise<void>
}

export type UploadState =
  | { readonly step: 'empty' }
  | { readonly step: 'sending'; readonly name: string; readonly percent: number }
  | { readonly step: 'ready'; readonly file: FileInfo }
  | { readonly step: 'failed'; readonly name: string; readonly failure: unknown }

export class Upload<F extends ChosenFile> {
  state: UploadState = { step: 'empty' }
  private turn = 0 // what comes from an earlier file counts no more
  private running: RunningTransfer | null = null

  /** @param mostBytes the largest file; the server has the last word. */
  constructor(
    private readonly transfer: Transfer<F>,
    private readonly api: Pick<FilesApi, 'file'>,
    private readonly purpose: FilePurpose,
    private readonly mostBytes: number,
    private readonly changed: (state: UploadState) => void,
  ) {}

  /** Takes a file; one that is under way is cancelled. */
  choose(file: F): void {
    const turn = this.begin()
    const refused = this.refusal(file)
    if (refused !== null) return this.tell({ step: 'failed', name: file.name, failure: refused })
    this.tell({ step: 'sending', name: file.name, percent: 0 })
    this.running = this.transfer.start(file, this.purpose, {
      sent: (bytes) => {
        const percent = Math.min(100, Math.floor((100 * bytes) / file.size))
        if (turn === this.turn) this.tell({ step: 'sending', name: file.name, percent })
      },
      done: (fileId) => void this.finish(turn, file.name, fileId),
      failed: (failure) => {
        if (turn === this.turn) this.tell({ step: 'failed', name: file.name, failure })
      },
    })
  }

  /** Ends the upload, or forgets the file that was chosen. */
  clear(): void {
    this.begin()
    this.tell({ step: 'empty' })
  }

  private begin(): number {
    if (this.state.step === 'sending') void this.running?.cancel()
    this.running = null
    return ++this.turn
  }

  private refusal(file: F): ApiError | null {
    if (file.size === 0) return new ApiError(422, 'file_empty', '', null)
    if (file.size <= this.mostBytes) return null
    return new ApiError(422, 'file_too_large', '', null, null, { most: this.mostBytes })
  }

  private async finish(turn: number, name: string, fileId: string): Promise<void> {
    try {
      const file = await this.api.file(fileId)
      if (turn === this.turn) this.tell({ step: 'ready', file })
    } catch (failure) {
      if (turn === this.turn) this.tell({ step: 'failed', name, failure })
    }
  }

  private tell(state: UploadState): void {
    this.state = state
    this.changed(state)
  }
}
