/** Uploads by tus 1.0. A cut link is continued where it broke, also after the page was reloaded. */
import { DetailedError, Upload, type HttpStack } from 'tus-js-client'
import { ApiError, problem } from '../../core/base/rest'
import type { FilePurpose } from '../../core/base/wire'
import type { ChosenFile, RunningTransfer, Transfer, TransferListener } from '../../core/files/upload'

const CHUNK_BYTES = 512 * 1024 // 4 s on a link of 1 Mbit/s; a proxy's bound is often 1 MB
/** A few minutes in all, counted anew after each byte that went through. */
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000, 30_000]
const PASSING = [408, 409, 423, 429] // refusals that another try may not meet

export class TusTransfer implements Transfer<ChosenFile & Blob> {
  /**
   * @param endpoint where uploads begin.
   * @param headers of each request, as they are at that moment.
   * @param options for tests: another way of requests, and shorter pauses.
   */
  constructor(
    private readonly endpoint: string,
    private readonly headers: () => Readonly<Record<string, string>>,
    private readonly options: { readonly httpStack?: HttpStack; readonly retryDelays?: number[] } = {},
  ) {}

  start(file: ChosenFile & Blob, purpose: FilePurpose, listener: TransferListener): RunningTransfer {
    let cancelled = false
    const upload = new Upload(file, {
      endpoint: this.endpoint,
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, purpose },
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(this.headers())) request.setHeader(name, value)
      },
      onShouldRetry: (error) => isPassing(error),
      onProgress: (bytes) => listener.sent(bytes),
      onSuccess: () => listener.done(idOf(upload.url)),
      onError: (error) => {
        if (!cancelled) listener.failed(failureOf(error))
      },
      ...this.options,
    })
    void this.begin(upload, () => cancelled)
    return {
      cancel: async () => {
        cancelled = true
        await upload.abort(true).catch(() => {}) // the server forgets it by itself, later
      },
    }
  }

  private async begin(upload: Upload, isCancelled: () => boolean): Promise<void> {
    const [known] = await upload.findPreviousUploads().catch(() => [])
    if (known !== undefined) upload.resumeFromPreviousUpload(known)
    if (!isCancelled()) upload.start()
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
