/**
 * One WHIP or WHEP session that stays up as long as it is wanted. Offer and answer go over HTTP (RFC 9725). A broken
 * path gets an ICE restart, and then a new session.
 */
import type { Cancel, Clock } from '../base/clock'
import { Backoff, Listeners } from '../base/clock'
import type { OpenPeer, Peer, PeerState } from './peer'
import type { Http, HttpResponse } from '../base/rest'
import { problem } from '../base/rest'
import { answerWithIce, restartFragment, withStartRate } from './sdp'
import { slimOffer } from './slim_offer'
import type { MediaEndpoint } from '../base/wire'

export type MediaState = 'idle' | 'opening' | 'connecting' | 'up' | 'repairing' | 'waiting'

const NEXT: Record<MediaState, readonly MediaState[]> = {
  idle: ['opening'],
  opening: ['connecting', 'waiting', 'opening', 'idle'],
  connecting: ['up', 'waiting', 'opening', 'idle'],
  up: ['repairing', 'waiting', 'opening', 'idle'],
  repairing: ['up', 'waiting', 'opening', 'idle'],
  waiting: ['opening', 'idle'],
}

export const CONNECT_TIMEOUT_MS = 6000
export const DISCONNECTED_GRACE_MS = 1000 // shorter breaks heal by themselves
export const MAX_WAIT_MS = 10_000 // whatever the server asks for: a lesson goes on
export const REPAIR_TIMEOUT_MS = 3000
export const REPAIR_RETRY_MS = 250 // HTTP may find its way back a moment later than media, or earlier

export interface MediaSessionOptions {
  readonly clock: Clock
  readonly http: Http
  readonly openPeer: OpenPeer
  /** Where to POST; `fresh` after the last one was refused. Null: not allowed now, ask again later. */
  readonly endpoint: (fresh: boolean) => Promise<MediaEndpoint | null>
  /** Adds the transceivers. */
  readonly prepare: (peer: Peer) => void
  /** At which rate to begin to send pictures, in kbit/s; null: as the browser likes. */
  readonly startKbps?: () => number | null
  readonly random?: () => number
}

/** A running exchange with the server: the peer and the resource that stands for it. */
interface Run {
  readonly peer: Peer
  resource: string
  token: string
}

export class MediaSession {
  readonly onState = new Listeners<MediaState>()
  state: MediaState = 'idle'
  /** The last refusal's code, for diagnosis. */
  lastFailure: string | null = null

  private run: Run | null = null
  private old: Run | null = null // kept until the new one is up: the last picture stays
  private generation = 0
  private needFreshEndpoint = false
  private askedToWaitMs = 0 // by the last refusal
  private peerState: PeerState = 'new' // what the present peer says of its path; it may be wrong
  private repairs = 0 // names the present attempt to repair
  private cancelTimer: Cancel = () => {}
  private cancelRetry: Cancel = () => {}
  private readonly backoff: Backoff

  constructor(private readonly options: MediaSessionOptions) {
    this.backoff = new Backoff(options.random)
  }

  get peer(): Peer | null {
    return this.run?.peer ?? null
  }

  /** Opens the session unless it is running. */
  start(): void {
    if (this.state === 'idle') void this.open()
  }

  /** Throws the session away and opens a new one at once: the server has forgotten the old one. */
  restart(): void {
    if (this.state === 'idle') return
    this.needFreshEndpoint = true
    this.backoff.reset()
    void this.open()
  }

  /** Tries at once if it is waiting for the next attempt. */
  nudge(): void {
    if (this.state === 'waiting') void this.open()
  }

  /** The computer's network changed: the path in use is suspect, and a new one needs our new address. */
  pathChanged(): void {
    if (this.state === 'repairing') void this.askRestart()
    else if (this.state === 'up') this.repair()
    else this.nudge()
  }

  /** Something about the network changed, maybe nothing of ours: repairs at once what seems broken. */
  hurry(): void {
    if (this.peerState === 'disconnected' || this.state !== 'up') this.pathChanged()
  }

  stop(): void {
    if (this.state === 'idle') return
    this.generation += 1
    this.cancelTimers()
    this.discard(this.old)
    this.discard(this.run)
    this.old = null
    this.run = null
    this.become('idle')
  }

  private async open(): Promise<void> {
    const generation = ++this.generation
    const stale = () => generation !== this.generation
    this.cancelTimers()
    this.retire()
    this.become('opening')
    let run: Run | null = null
    try {
      const endpoint = await this.options.endpoint(this.needFreshEndpoint)
      if (stale()) return
      if (endpoint === null) {
        this.retryLater('not_allowed')
        return
      }
      const peer = this.options.openPeer({
        stateChanged: (state) => {
          if (!stale()) this.peerChanged(state)
        },
      })
      run = { peer, resource: '', token: endpoint.token }
      this.options.prepare(peer)
      const answer = await this.exchange(run, endpoint, await peer.offer(false))
      if (stale()) {
        this.discard(run)
        return
      }
      this.run = run
      this.needFreshEndpoint = false
      this.become('connecting')
      this.cancelTimer = this.options.clock.after(CONNECT_TIMEOUT_MS, () =>
        this.retryLater('connect_timeout'),
      )
      const kbps = this.options.startKbps?.() ?? null
      await peer.accept(kbps === null ? answer : withStartRate(answer, kbps))
    } catch (failure) {
      if (run !== null && run !== this.run) this.discard(run)
      if (!stale()) this.retryLater(failure instanceof Error ? failure.message : 'failed')
    }
  }

  /** POSTs the offer; fills in the run's resource and returns the answer. */
  private async exchange(run: Run, endpoint: MediaEndpoint, offer: string): Promise<string> {
    const response = await this.options.http({
      method: 'POST',
      url: endpoint.url,
      headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${endpoint.token}` },
      body: slimOffer(offer),
    })
    if (response.status !== 201) {
      this.needFreshEndpoint = response.status === 401 || response.status === 403
      this.askedToWaitMs = waitOf(response)
      throw problem(response)
    }
    run.resource = resolved(endpoint.url, response.header('Location') ?? '')
    return response.text
  }

  private peerChanged(state: PeerState): void {
    this.peerState = state
    if (state === 'connected') this.connected()
    else if (state === 'failed') this.broken()
    else if (state === 'disconnected' && this.state === 'up') {
      this.cancelTimers()
      this.cancelTimer = this.options.clock.after(DISCONNECTED_GRACE_MS, () => this.broken())
    }
  }

  private connected(): void {
    if (this.state !== 'connecting' && this.state !== 'repairing' && this.state !== 'up') return
    this.cancelTimers()
    this.backoff.reset()
    this.lastFailure = null
    this.discard(this.old)
    this.old = null
    if (this.state !== 'up') this.become('up')
  }

  private broken(): void {
    if (this.state === 'up') this.repair()
    else if (this.state !== 'idle' && this.state !== 'waiting') this.retryLater('path_failed')
  }

  /** ICE restart on the same session (RFC 9725 §4.3.3); anything unexpected leads to a new session. */
  private repair(): void {
    const { generation } = this
    this.become('repairing')
    this.cancelTimers()
    this.cancelTimer = this.options.clock.after(REPAIR_TIMEOUT_MS, () => {
      if (generation === this.generation && this.state === 'repairing') void this.open()
    })
    void this.askRestart()
  }

  private async askRestart(): Promise<void> {
    const { run, generation } = this
    if (run === null) return
    const attempt = ++this.repairs
    const stale = () => generation !== this.generation || attempt !== this.repairs
    this.cancelRetry()
    try {
      const response = await this.patch(run, restartFragment(await run.peer.offer(true)))
      if (stale()) return
      // Also when the path healed meanwhile: the server has moved on to the new credentials.
      const answer = repairedAnswer(run.peer, response)
      if (answer === null) {
        if (this.state === 'repairing') void this.open()
        return
      }
      await run.peer.accept(answer)
      // A path that held all the while is not told of again; one that only seemed to will be.
      if (!stale() && this.peerState === 'connected') this.connected()
    } catch {
      if (stale() || this.state !== 'repairing') return
      this.cancelRetry = this.options.clock.after(REPAIR_RETRY_MS, () => void this.askRestart())
    }
  }

  private patch(run: Run, fragment: string): Promise<HttpResponse> {
    return this.options.http({
      method: 'PATCH',
      url: run.resource,
      headers: {
        'Content-Type': 'application/trickle-ice-sdpfrag',
        'If-Match': '*',
        Authorization: `Bearer ${run.token}`,
      },
      body: fragment,
    })
  }

  private cancelTimers(): void {
    this.cancelTimer()
    this.cancelRetry()
  }

  private retryLater(reason: string): void {
    this.lastFailure = reason
    this.generation += 1
    this.cancelTimers()
    this.retire()
    this.become('waiting')
    const wait = Math.max(this.backoff.next(), this.askedToWaitMs)
    this.askedToWaitMs = 0
    this.cancelTimer = this.options.clock.after(wait, () => void this.open())
  }

  /** Puts the present run aside; it is discarded when its successor is up. */
  private retire(): void {
    if (this.run === null) return
    this.discard(this.old)
    this.old = this.run
    this.run = null
  }

  private discard(run: Run | null): void {
    if (run === null) return
    run.peer.close()
    if (run.resource === '') return
    const headers = { Authorization: `Bearer ${run.token}` }
    const goodbye = { method: 'DELETE', url: run.resource, headers, keepAlive: true }
    this.options.http(goodbye).catch(() => {}) // the server's consent timer does it otherwise
  }

  private become(state: MediaState): void {
    if (!NEXT[this.state].includes(state)) throw new Error(`media: ${this.state} → ${state}`)
    this.state = state
    this.onState.tell(state)
  }
}

function repairedAnswer(peer: Peer, response: HttpResponse): string | null {
  return response.status === 200 ? answerWithIce(peer.answer(), response.text) : null
}

/** What the server asks to wait after a refusal (RFC 9110 §10.2.3); a date counts as nothing. */
function waitOf(response: HttpResponse): number {
  const seconds = Number(response.header('Retry-After') ?? 0)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_WAIT_MS) : 0
}

/** A Location header against the URL it came from (RFC 9110 §10.2.2), for absolute URLs and paths. */
export function resolved(base: string, location: string): string {
  if (/^https?:/.test(location)) return location
  const origin = /^https?:\/\/[^/]+/.exec(base)?.[0] ?? ''
  return origin + location
}
