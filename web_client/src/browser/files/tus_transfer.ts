/** Uploads by tus 1.0. A cut link is continued where it broke, also after the page was reloaded. */
import { DetailedError, Upload, type HttpStack } from 'tus-js-client'
import { ApiError, problem } from '../../core/base/rest'
import type { FilePurpose } from '../../core/base/wire'
import { ChunkSize, LEAST_CHUNK } from '../../core/files/chunk_size'
import type { LongTransfer, PausableTransfer } from '../../core/files/long_upload'
import type { ChosenFile, Transfer, TransferListener } from '../../core/files/upload'

const LONG_BYTES = 32 * 1024 * 1024 // larger files take as much in a request as the line bears
/** A few minutes in all, counted anew after each byte that went through. */
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000, 30_000]
const PASSING = [408, 409, 423, 429] // refusals that another try may not meet

export class TusTransfer implements Transfer<ChosenFile & Blob>, LongTransfer<ChosenFile & Blob> {
  /**
   * @param endpoint where uploads begin.
   * @param headers of each request, as they are at that moment.
   * @param options for tests: another way of requests, and shorter pauses.
   */
  constructor(
    private readonly endpoint: string,
    private readonly headers: () => Readonly<Record<string, string>>,
    private readonly options: { readonly httpStack?: HttpStack; readonly retryDelays?: number[] } = {},
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(file: ChosenFile & Blob, purpose: FilePurpose, listener: TransferListener): PausableTransfer {
    let cancelled = false
    let paused = false
    const size = new ChunkSize()
    let began = this.now()
    const upload = new Upload(file, {
      endpoint: this.endpoint,
      chunkSize: LEAST_CHUNK,
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, purpose },
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(this.headers())) request.setHeader(name, value)
      },
      onShouldRetry: (error) => isPassing(error) || (statusOf(error) === 413 && shrink()),
      onChunkComplete: (bytes) => {
        const now = this.now()
        size.took(bytes, now - began)
        began = now
        if (file.size > LONG_BYTES) upload.options.chunkSize = size.bytes
      },
      onProgress: (bytes) => listener.sent(bytes),
      onSuccess: () => listener.done(idOf(upload.url)),
      onError: (error) => {
        if (!cancelled && !paused) listener.failed(failureOf(error))
      },
      ...this.options,
    })
    const shrink = () => {
      if (!size.tooLarge()) return false
      upload.options.chunkSize = size.bytes
      return true
    }
    void this.begin(upload, () => cancelled || paused)
    return {
      pause: async () => {
        paused = true
        await upload.abort(false).catch(() => {}) // nothing is under way any more
      },
      resume: () => {
        began = this.now()
        paused = false
        if (!cancelled) upload.start()
      },
      cancel: async () => {
        cancelled = true
        await upload.abort(true).catch(() => {}) // the server forgets it by itself, later
      },
    }
  }

  private async begin(upload: Upload, isOver: () => boolean): Promise<void> {
    const [known] = await upload.findPreviousUploads().catch(() => [])
    if (known !== undefined) upload.resumeFromPreviousUpload(known)
    if (!isOver()) upload.start()
  }
}

function idOf(url: string | null): string {
  return decodeURIComponent((url ?? '').split('/').pop() ?? '')
}

function isPassing(error: Error | DetailedError): boolean {
  const status = statusOf(error)
  return status === 0 || status >= 500 || PASSING.includes(status)
}

/** Status of the answer; 0: there was none. */
function statusOf(error: Error | DetailedError): number {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0
}

function failureOf(error: Error | DetailedError): ApiError {
  const response = error instanceof DetailedError ? error.originalResponse : null
  if (response === null || response.getStatus() === 0) return new ApiError(0, 'network', '', null)
  return problem({
    status: response.getStatus(),
    header: (name) => response.getHeader(name) ?? null,
    text: response.getBody(),
  })
}
