/**
 * A long upload: it can pause, it waits while the line is down, and it goes on after a reload.
 *
 * What came is kept by the server for days. After a reload the person chooses the same file once more.
 */
import type { Cancel, Clock } from '../base/clock'
import { ApiError } from '../base/rest'
import type { FileInfo, FilePurpose } from '../base/wire'
import type { FilesApi } from './files_api'
import { Speed } from './speed'
import type { ChosenFile, RunningTransfer, TransferListener } from './upload'

/** The way of bytes to the server, which can stand still. */
export interface LongTransfer<F extends ChosenFile> {
  start(file: F, purpose: FilePurpose, listener: TransferListener): PausableTransfer
}

export interface PausableTransfer extends RunningTransfer {
  /** Stands still; what the server has stays there. Never rejects. */
  pause(): Promise<void>
  resume(): void
}

/** How far an upload is. `bytesPerS` and `leftS` are null until they are known. */
export interface Sending {
  readonly name: string
  readonly size: number
  readonly sent: number
  readonly percent: number
  readonly bytesPerS: number | null
  readonly leftS: number | null
}

export type LongUploadState =
  | { readonly step: 'empty' }
  | ({ readonly step: 'sending' } & Sending)
  /** `failure` is why it stands still; null: the person wants it so. */
  | ({ readonly step: 'paused'; readonly failure: ApiError | null } & Sending)
  /** All is there; a job looks at it. `trouble` is why the server could not be asked lately. */
  | { readonly step: 'checking'; readonly file: FileInfo; readonly trouble: unknown }
  | { readonly step: 'ready'; readonly file: FileInfo }
  | { readonly step: 'failed'; readonly name: string; readonly failure: unknown }

const LOOK_MS = 2000 // between two looks at a file that is checked
const AGAIN_MS = 30_000 // until a line that was down is tried again

export class LongUpload<F extends ChosenFile> {
  state: LongUploadState = { step: 'empty' }
  private turn = 0 // what comes from an earlier file counts no more
  private running: PausableTransfer | null = null
  private speed = new Speed()
  private cancelTimer: Cancel = () => {}

  /** @param mostBytes the largest file; the server has the last word. */
  constructor(
    private readonly transfer: LongTransfer<F>,
    private readonly api: Pick<FilesApi, 'file'>,
    private readonly clock: Clock,
    private readonly purpose: FilePurpose,
    private readonly mostBytes: number,
    private readonly changed: (state: LongUploadState) => void,
  ) {}

  /** Takes a file. One that is under way stands still, and can be gone on with later. */
  choose(file: F): void {
    const turn = this.begin()
    const refused = this.refusal(file)
    if (refused !== null) return this.tell({ step: 'failed', name: file.name, failure: refused })
    this.tellSending(file, 0)
    this.running = this.transfer.start(file, this.purpose, {
      sent: (bytes) => {
        if (turn === this.turn && this.state.step === 'sending') this.tellSending(file, bytes)
      },
      done: (fileId) => {
        if (turn === this.turn) void this.look(turn, file.name, fileId)
      },
      failed: (failure) => {
        if (turn === this.turn) this.broke(file.name, failure)
      },
    })
  }

  pause(): void {
    if (this.state.step === 'sending') this.stand(null)
  }

  resume(): void {
    if (this.state.step !== 'paused') return
    this.cancelTimer()
    this.speed.forget()
    this.tell({ ...this.state, step: 'sending', bytesPerS: null, leftS: null })
    this.running?.resume()
  }

  /** The line is there again: go on, unless the person wanted a pause. */
  online(): void {
    if (this.state.step === 'paused' && this.state.failure !== null) this.resume()
  }

  /** Ends the upload for good, or forgets the file that was chosen. */
  clear(): void {
    const running = this.running
    const under = this.state.step === 'sending' || this.state.step === 'paused'
    this.begin()
    if (under) void running?.cancel()
    this.tell({ step: 'empty' })
  }

  /** The page is left: nothing more is sent, and nothing is lost. */
  leave(): void {
    this.begin()
  }

  /** Follows a file that came before, such as one that is still checked. */
  follow(file: FileInfo): void {
    const turn = this.begin()
    this.judge(turn, file)
  }

  private begin(): number {
    this.cancelTimer()
    if (this.state.step === 'sending') void this.running?.pause()
    this.running = null
    this.speed = new Speed()
    return ++this.turn
  }

  private stand(failure: ApiError | null): void {
    if (this.state.step !== 'sending') return
    void this.running?.pause()
    this.speed.forget()
    this.tell({ ...this.state, step: 'paused', failure, bytesPerS: null, leftS: null })
  }

  /** A line that is down is waited for; a refusal is the end. */
  private broke(name: string, failure: ApiError): void {
    if (!failure.unreachable) {
      this.running = null
      return this.tell({ step: 'failed', name, failure })
    }
    this.stand(failure)
    this.cancelTimer = this.clock.after(AGAIN_MS, () => this.online())
  }

  private tellSending(file: F, sent: number): void {
    this.speed.note(this.clock.now(), sent)
    this.tell({
      step: 'sending',
      name: file.name,
      size: file.size,
      sent,
      percent: Math.min(100, Math.floor((100 * sent) / file.size)),
      bytesPerS: this.speed.bytesPerS,
      leftS: this.speed.leftS(file.size - sent),
    })
  }

  private refusal(file: F): ApiError | null {
    if (file.size === 0) return new ApiError(422, 'file_empty', '', null)
    if (file.size <= this.mostBytes) return null
    return new ApiError(422, 'file_too_large', '', null, null, { most: this.mostBytes })
  }

  private async look(turn: number, name: string, fileId: string): Promise<void> {
    this.running = null
    try {
      const file = await this.api.file(fileId)
      if (turn === this.turn) this.judge(turn, file)
    } catch (failure) {
      if (turn !== this.turn) return
      const passing = failure instanceof ApiError && failure.unreachable
      if (!passing) return this.tell({ step: 'failed', name, failure })
      if (this.state.step === 'checking') this.tell({ ...this.state, trouble: failure })
      this.cancelTimer = this.clock.after(LOOK_MS, () => void this.look(turn, name, fileId))
    }
  }

  private judge(turn: number, file: FileInfo): void {
    if (file.state === 'ready') return this.tell({ step: 'ready', file })
    if (file.state === 'refused') {
      const { code, facts } = file.problem ?? { code: 'file_check_failed', facts: {} }
      const failure = new ApiError(422, code, '', null, null, facts)
      return this.tell({ step: 'failed', name: file.name, failure })
    }
    this.tell({ step: 'checking', file, trouble: null })
    this.cancelTimer = this.clock.after(LOOK_MS, () => void this.look(turn, file.name, file.file_id))
  }

  private tell(state: LongUploadState): void {
    this.state = state
    this.changed(state)
  }
}
