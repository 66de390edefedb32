/** The REST API, typed. Every failure is an `ApiError` with a stable code. */
import type {
  CountyLinks,
  Directory,
  ExternalAccess,
  Identity,
  Lesson,
  LessonCancel,
  LessonCreate,
  LessonLinks,
  LessonList,
  LoginRequest,
  MediaAccess,
  Problem,
  RecordingDetail,
  RecordingList,
  TerminalLogin,
  TerminalLookup,
  TerminalRooms,
} from './wire'

export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** How long to wait for the answer, where the usual time is too short. */
  readonly patienceMs?: number
  /** The request may outlive the page (a DELETE while leaving). */
  readonly keepAlive?: boolean
}

export interface HttpResponse {
  readonly status: number
  header(name: string): string | null
  readonly text: string
}

/** Patience with what a live lesson needs at once and asks for again, in milliseconds: a dead line is soon noticed. */
export const LIVE_PATIENCE_MS = 5000

/** One HTTP exchange; rejects when no answer came (no network, time out). */
export type Http = (request: HttpRequest) => Promise<HttpResponse>

/**
 * The server's problem+json, or `network` (status 0) when no answer came. `code` and `facts` are for
 * people, by way of i18n. `message` is for developers.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly field: string | null,
    /** Seconds until the server takes the request again; null: it does not say. */
    readonly retryAfterS: number | null = null,
    /** Values for the places of a text, by name. */
    readonly facts: Exclude<Problem['facts'], undefined> = {},
  ) {
    super(detail || code)
  }

  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

/** Says that somebody was faster: the action was based on what is no more. */
export const isStale = (failure: unknown): boolean => failure instanceof ApiError && failure.code === 'changed_meanwhile'

/** One browser may be signed in twice; each page means one of them. */
export type SignedInAs = 'person' | 'terminal'

const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE']

const MAX_PAGES = 20 // of one day's lessons: far more than a county holds

export class RestClient {
  /** From `Identity`; bound to the session. */
  csrfToken: string | null = null

  /**
   * @param heard gets what an answer says of the server's time and the county's zone.
   * @param base what a proxy puts before every path: `''`, or such as `/tongke`.
   */
  constructor(
    private readonly http: Http,
    private readonly heard: (facts: Pick<Identity, 'server_time'> & Partial<Identity>) => void = () => {},
    private readonly base = '',
    readonly signedInAs: SignedInAs = 'person',
  ) {}

  async me(patienceMs?: number): Promise<Identity> {
    return this.signedIn(await this.call<Identity>('GET', '/api/me', undefined, patienceMs))
  }

  async login(body: LoginRequest): Promise<Identity> {
    return this.signedIn(await this.call<Identity>('POST', '/api/login', body))
  }

  terminalLookup(body: TerminalLookup): Promise<TerminalRooms> {
    return this.call('POST', '/api/terminal/lookup', body)
  }

  async terminalLogin(body: TerminalLogin): Promise<Identity> {
    const identity = await this.call<Identity>('POST', '/api/terminal/login', body)
    return this.signedInAs === 'terminal' ? this.signedIn(identity) : identity
  }

  async terminalResume(patienceMs?: number): Promise<Identity> {
    return this.signedIn(await this.call<Identity>('POST', '/api/terminal/resume', undefined, patienceMs))
  }

  async logout(): Promise<void> {
    await this.call<null>('POST', '/api/logout')
    this.csrfToken = null
  }

  /** All lessons of a day that concern us, however many answers they come in. */
  async lessons(day: string): Promise<LessonList> {
    const path = `/api/lessons?day=${encodeURIComponent(day)}`
    const list = await this.call<LessonList>('GET', path)
    this.heard(list)
    const lessons = [...list.lessons]
    let { next } = list
    for (let page = 1; next !== null && page < MAX_PAGES; page += 1) {
      const more: LessonList = await this.call('GET', `${path}&after=${encodeURIComponent(next)}`)
      lessons.push(...more.lessons)
      next = more.next
    }
    return { ...list, lessons, next }
  }

  lesson(lessonId: string): Promise<Lesson> {
    return this.call('GET', lessonPath(lessonId))
  }

  createLesson(body: LessonCreate): Promise<Lesson> {
    return this.call('POST', '/api/lessons', body)
  }

  startLesson(lessonId: string): Promise<Lesson> {
    return this.call('POST', `${lessonPath(lessonId)}/start`)
  }

  endLesson(lessonId: string): Promise<Lesson> {
    return this.call('POST', `${lessonPath(lessonId)}/end`)
  }

  cancelLesson(lessonId: string, body: LessonCancel): Promise<Lesson> {
    return this.call('POST', `${lessonPath(lessonId)}/cancel`, body)
  }

  /** The first schools and teachers; with words those that are named so. */
  directory(q = ''): Promise<Directory> {
    return this.call('GET', `/api/directory${queryOf({ q })}`)
  }

  mediaAccess(lessonId: string): Promise<MediaAccess> {
    return this.call('POST', `${lessonPath(lessonId)}/media-access`, undefined, LIVE_PATIENCE_MS)
  }

  externalAccess(lessonId: string): Promise<ExternalAccess> {
    return this.call('POST', `${lessonPath(lessonId)}/external-access`)
  }

  recordings(options: { limit?: number; before?: string; q?: string }): Promise<RecordingList> {
    return this.call('GET', `/api/recordings${queryOf(options)}`)
  }

  recording(recordingId: string): Promise<RecordingDetail> {
    return this.call('GET', `/api/recordings/${encodeURIComponent(recordingId)}`)
  }

  /** A page of courseware as a picture. */
  async putStill(lessonId: string, sourceId: string, mime: string, image: Uint8Array): Promise<void> {
    const path = `${lessonPath(lessonId)}/stills/${encodeURIComponent(sourceId)}`
    await this.exchange('PUT', path, { 'Content-Type': mime }, image)
  }

  /** The links of a lesson's participants, all of them. */
  async lessonLinks(lessonId: string): Promise<LessonLinks> {
    const path = `${lessonPath(lessonId)}/links`
    const first = await this.call<LessonLinks>('GET', path)
    const series = [...first.series]
    let { next } = first
    for (let page = 1; next !== null && page < MAX_PAGES; page += 1) {
      const more: LessonLinks = await this.call('GET', `${path}?after=${encodeURIComponent(next)}`)
      series.push(...more.series)
      next = more.next
    }
    return { ...first, series, next }
  }

  /** The rooms' links over all lessons of some days (`2026-11-22`), worst first, a page of them. */
  countyLinks(from: string, to: string, after: string | null): Promise<CountyLinks> {
    const query = `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`
    return this.call('GET', `/api/links?${query}${after ? `&after=${encodeURIComponent(after)}` : ''}`)
  }

  /** Takes over a login that another call opened. */
  signedIn(identity: Identity): Identity {
    this.csrfToken = identity.csrf_token
    this.heard(identity)
    return identity
  }

  /**
   * One exchange in JSON. The calls of a noun stand in its own module `core/<noun>/api.ts` and use this.
   *
   * @param patienceMs how long to wait for the answer, where the usual time is too short.
   */
  async call<T>(method: string, path: string, body?: object, patienceMs?: number): Promise<T> {
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
    const text = await this.exchange(method, path, headers, body && JSON.stringify(body), patienceMs)
    return (text === '' ? null : JSON.parse(text)) as T
  }

  /** One request as ours; gives the answer's text, and every failure as `ApiError`. */
  private async exchange(
    method: string,
    path: string,
    more: Readonly<Record<string, string>>,
    body?: string | Uint8Array,
    patienceMs?: number,
  ): Promise<string> {
    const headers: Record<string, string> = {
      Accept: 'application/json',
      'X-Tongke-As': this.signedInAs,
      ...more,
    }
    if (UNSAFE.includes(method) && this.csrfToken !== null) headers['X-CSRF-Token'] = this.csrfToken
    const url = this.base + path
    let response: HttpResponse
    try {
      response = await this.http({
        method,
        url,
        headers,
        ...(body !== undefined && { body }),
        ...(patienceMs !== undefined && { patienceMs }),
      })
    } catch {
      throw new ApiError(0, 'network', '', null)
    }
    if (response.status >= 200 && response.status < 300) return response.text
    throw problem(response)
  }
}

/** The query of an address with its `?`; values that are not set are left out. */
export function queryOf(options: Readonly<Record<string, string | number | null | undefined>>): string {
  const query = Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
  return query === '' ? '' : `?${query}`
}

function lessonPath(lessonId: string): string {
  return `/api/lessons/${encodeURIComponent(lessonId)}`
}

/** A failed answer as an error; one that is not problem+json (a proxy's page) keeps its status alone. */
export function problem(response: HttpResponse): ApiError {
  const { status } = response
  const retryAfterS = secondsOf(response.header('Retry-After'))
  try {
    const body = JSON.parse(response.text) as Partial<Problem>
    const code = typeof body.code === 'string' ? body.code : `http_${status}`
    return new ApiError(status, code, body.detail ?? body.title ?? '', body.field ?? null, retryAfterS, body.facts)
  } catch {
    return new ApiError(status, `http_${status}`, '', null, retryAfterS)
  }
}

/** Retry-After as seconds (RFC 9110 §10.2.3); our server gives no dates. */
function secondsOf(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : null
}
