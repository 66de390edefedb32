/** The control channel: one WebSocket that comes back by itself, resumes, and carries commands. */
import type { Cancel, Clock } from '../base/clock'
import { Backoff, Listeners } from '../base/clock'
import type { CommandBody } from './parts/part'
import type { RoomState } from './room_state'
import { reduce } from './room_state'
import type {
  ByeReason,
  ClientMessage,
  CodecLacking,
  Command,
  Hello,
  LayersWanted,
  ServerMessage,
  SourceRefused,
} from '../base/wire'
import { PROTOCOL_VERSION } from '../base/wire'

export const PING_EVERY_MS = 2000
export const DEAD_AFTER_MS = 5000 // without any message, the link is dead (docs/protocol.md)
export const COMMAND_TIMEOUT_MS = 5000
const MAX_PENDING = 64

export interface SocketEvents {
  received(text: string): void
  closed(): void
}

export interface Socket {
  send(text: string): void
  close(): void
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket

export type ControlStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** Which status may follow which. `closed` is final until `start` is called again. */
const NEXT: Record<ControlStatus, readonly ControlStatus[]> = {
  idle: ['connecting'],
  connecting: ['open', 'waiting', 'closed'],
  open: ['waiting', 'closed'],
  waiting: ['connecting', 'closed'],
  closed: ['connecting'],
}

const WORTH_A_RETRY: readonly ByeReason[] = ['moved', 'shutdown', 'too_slow']
export const MOVED_WITHIN_MS = 100 // a lesson's pages come back to its new process spread over so long

/** A command was refused, not answered, or could not be sent; `code` is the server's or one of ours. */
export class CommandFailed extends Error {
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail || code)
  }
}

export interface ControlOptions {
  readonly url: string
  readonly openSocket: OpenSocket
  readonly clock: Clock
  readonly random?: () => number
  /**
   * Asked when an attempt failed: neither the browser nor `bye` `forbidden` says whether the session still
   * holds, so this is the moment to see, and to renew it. False ends the channel.
   */
  readonly stillWelcome?: () => Promise<boolean>
}

interface Pending {
  resolve(): void
  reject(reason: CommandFailed): void
  cancelTimeout: Cancel
}

export class ControlChannel {
  readonly onStatus = new Listeners<ControlStatus>()
  readonly onState = new Listeners<RoomState>()
  /** A snapshot came whose instance differs from the one before: the server was restarted. */
  readonly onRestarted = new Listeners<RoomState>()
  /** Instead of `onRestarted`, where the lesson was moved: the former server's media still flow for a moment. */
  readonly onMoved = new Listeners<RoomState>()
  /** A snapshot came: the server may know nothing of what this page told it before. */
  readonly onSnapshot = new Listeners<RoomState>()
  /** Whoever carried what this page watches is gone, or goes. */
  readonly onReopen = new Listeners<void>()
  readonly onLayersWanted = new Listeners<LayersWanted>()
  readonly onCodecLacking = new Listeners<CodecLacking>()
  /** The server ended a source for what it sent. */
  readonly onSourceRefused = new Listeners<SourceRefused>()

  status: ControlStatus = 'idle'
  state: RoomState | null = null
  bye: ByeReason | 'signed_out' | null = null
  roundTripMs: number | null = null

  private socket: Socket | null = null
  private attempt = 0 // names the present socket; callbacks of older ones are ignored
  private heardAt = 0
  private nextId = 1
  private asking = false
  private renewing = false
  private renewed = false // since the channel was last open
  private anew = false // sent away, and come again: another page may have changed everything meanwhile
  private moved = false // the lesson went to another process; cleared by the next snapshot
  private readonly pending = new Map<number, Pending>()
  private readonly backoff: Backoff
  private cancelTimer: Cancel = () => {}

  constructor(private readonly options: ControlOptions) {
    this.backoff = new Backoff(options.random)
  }

  start(): void {
    if (this.status !== 'idle' && this.status !== 'closed') return
    this.anew = this.status === 'closed'
    this.bye = null
    this.renewed = false
    this.backoff.reset()
    this.connect()
  }

  /** The page found out elsewhere that the session is gone and cannot be renewed. */
  signedOut(): void {
    if (this.status !== 'idle' && this.status !== 'closed') this.end('signed_out')
  }

  stop(): void {
    if (this.status === 'idle' || this.status === 'closed') return
    this.dropSocket()
    this.become('closed')
  }

  /** The network came back (the browser says so): do not wait for the timer. */
  nudge(): void {
    if (this.status !== 'waiting' || this.renewing) return
    this.cancelTimer()
    this.connect()
  }

  /** Resolves when the server has carried the command out; rejects with `CommandFailed`. */
  send(body: CommandBody): Promise<void> {
    const socket = this.socket
    if (this.status !== 'open' || socket === null) {
      return Promise.reject(new CommandFailed('not_connected', ''))
    }
    if (this.pending.size >= MAX_PENDING) {
      return Promise.reject(new CommandFailed('too_many_commands', ''))
    }
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.options.clock.after(COMMAND_TIMEOUT_MS, () => {
        this.pending.delete(id)
        reject(new CommandFailed('timeout', ''))
      })
      this.pending.set(id, { resolve, reject, cancelTimeout })
      this.write({ ...body, id } as Command)
    })
  }

  private write(message: ClientMessage): void {
    this.socket?.send(JSON.stringify(message))
  }

  private connect(): void {
    this.become('connecting')
    const attempt = ++this.attempt
    const current = () => attempt === this.attempt
    this.socket = this.options.openSocket(this.greeting(), {
      received: (text) => current() && this.received(text),
      closed: () => current() && this.lost(),
    })
    this.cancelTimer = this.options.clock.after(DEAD_AFTER_MS, () => this.lost())
  }

  /** The address with our `hello` in it: said after the opening it would cost another round trip. */
  private greeting(): string {
    const state = this.anew ? null : this.state
    const hello: Hello = {
      type: 'hello',
      version: PROTOCOL_VERSION,
      instance: state?.instance ?? null,
      seq: state?.seq ?? null,
    }
    const joint = this.options.url.includes('?') ? '&' : '?'
    return `${this.options.url}${joint}hello=${encodeURIComponent(JSON.stringify(hello))}`
  }

  private received(text: string): void {
    this.heardAt = this.options.clock.now()
    const message = parsed(text)
    if (message === null) return
    switch (message.type) {
      case 'pong':
        this.roundTripMs = this.heardAt - message.sent_at
        return
      case 'ack':
        this.settle(message.id, null)
        return
      case 'error':
        if (message.id !== null) {
          this.settle(message.id, new CommandFailed(message.code, message.detail))
        }
        return
      case 'reopen':
        this.onReopen.tell()
        return
      case 'layers_wanted':
        this.onLayersWanted.tell(message)
        return
      case 'codec_lacking':
        this.onCodecLacking.tell(message)
        return
      case 'source_refused':
        this.onSourceRefused.tell(message)
        return
      case 'bye':
        this.goodbye(message.reason)
        return
      default:
        this.apply(message)
    }
  }

  private apply(message: ServerMessage): void {
    const before = this.state
    const after = reduce(before, message)
    this.state = after
    if (message.type === 'snapshot' || message.type === 'resumed') this.nowOpen()
    if (after === null || after === before) return
    if (message.type === 'snapshot') {
      this.anew = false
      const { moved } = this
      this.moved = false
      if (before !== null && before.instance !== after.instance) {
        const told = moved ? this.onMoved : this.onRestarted
        told.tell(after)
      }
      this.onSnapshot.tell(after)
    }
    this.onState.tell(after)
  }

  private nowOpen(): void {
    this.backoff.reset()
    this.renewed = false
    this.cancelTimer()
    if (this.status !== 'open') this.become('open')
    this.beat()
  }

  private beat(): void {
    const { clock } = this.options
    const silentMs = clock.now() - this.heardAt
    if (silentMs >= DEAD_AFTER_MS) {
      this.lost()
      return
    }
    this.write({ type: 'ping', sent_at: clock.now() })
    const delayMs = Math.min(PING_EVERY_MS, DEAD_AFTER_MS - silentMs)
    this.cancelTimer = clock.after(delayMs, () => this.beat())
  }

  private goodbye(reason: ByeReason): void {
    if (reason === 'moved' && this.status === 'open') {
      this.follow()
      return
    }
    if (WORTH_A_RETRY.includes(reason)) {
      this.lost()
      return
    }
    if (reason === 'forbidden' && this.options.stillWelcome !== undefined && !this.renewed) {
      void this.renew(this.options.stillWelcome)
      return
    }
    this.end(reason)
  }

  /** `forbidden` is also what an expired session hears (docs/protocol.md): see, and try once more. */
  private async renew(stillWelcome: () => Promise<boolean>): Promise<void> {
    this.dropSocket()
    this.become('waiting')
    this.renewing = true
    const { attempt } = this
    const welcome = await stillWelcome().catch(() => null)
    this.renewing = false
    if (attempt !== this.attempt) return // stopped meanwhile
    if (welcome === false) {
      this.end('signed_out')
      return
    }
    this.renewed = welcome === true // unreachable: nothing is known yet
    this.cancelTimer = this.options.clock.after(this.backoff.next(), () => this.connect())
  }

  /** The lesson is at another process already: come back at once. Whoever was not in yet waits as ever. */
  private follow(): void {
    this.moved = true
    this.dropSocket()
    this.become('waiting')
    const { clock, random = Math.random } = this.options
    this.cancelTimer = clock.after(MOVED_WITHIN_MS * random(), () => this.connect())
  }

  private end(reason: ByeReason | 'signed_out'): void {
    this.bye = reason
    this.dropSocket()
    this.become('closed')
  }

  private lost(): void {
    const refused = this.status === 'connecting'
    this.dropSocket()
    this.become('waiting')
    this.cancelTimer = this.options.clock.after(this.backoff.next(), () => this.connect())
    if (refused) void this.askWelcome()
  }

  private async askWelcome(): Promise<void> {
    const { stillWelcome } = this.options
    if (this.asking || stillWelcome === undefined) return
    this.asking = true
    const welcome = await stillWelcome().catch(() => true)
    this.asking = false
    const trying = this.status === 'waiting' || this.status === 'connecting'
    if (!welcome && trying) this.end('signed_out')
  }

  private dropSocket(): void {
    this.attempt += 1
    this.cancelTimer()
    this.socket?.close()
    this.socket = null
    for (const id of [...this.pending.keys()]) {
      this.settle(id, new CommandFailed('connection_lost', ''))
    }
  }

  private settle(id: number, failure: CommandFailed | null): void {
    const pending = this.pending.get(id)
    if (pending === undefined) return
    this.pending.delete(id)
    pending.cancelTimeout()
    if (failure === null) pending.resolve()
    else pending.reject(failure)
  }

  private become(status: ControlStatus): void {
    if (!NEXT[this.status].includes(status)) {
      throw new Error(`control channel: ${this.status} → ${status}`)
    }
    this.status = status
    this.onStatus.tell(status)
  }
}

/** A server message, or null for anything that is none: a newer server may say more than this page knows. */
function parsed(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text)
    const known = typeof value === 'object' && value !== null && 'type' in value
    return known ? (value as ServerMessage) : null
  } catch {
    return null
  }
}
