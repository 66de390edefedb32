/** Fakes for the other side of core's seams: sockets, HTTP and peers that do as a test says. */
import { readFileSync } from 'node:fs'
import type { OpenSocket, SocketEvents } from '../../src/core/classroom/control'
import type { CodecName, Encoding, OpenPeer, Peer, PeerEvents, PeerState, SendOptions, Track } from '../../src/core/media/peer'
import type { StatRow } from '../../src/core/media/link_stats'
import type { Waits } from '../../src/core/media/repair_wait'
import type { Http, HttpRequest, HttpResponse } from '../../src/core/base/rest'
import type { ClientMessage, Participant, ServerMessage, Snapshot } from '../../src/core/base/wire'

export class FakeSocket {
  readonly sent: ClientMessage[] = []
  closed = false
  constructor(
    readonly url: string,
    private readonly events: SocketEvents,
  ) {}
  /** The hello in the address. */
  get hello(): unknown {
    return JSON.parse(new URL(this.url).searchParams.get('hello') ?? 'null')
  }
  say(message: ServerMessage | string): void {
    this.events.received(typeof message === 'string' ? message : JSON.stringify(message))
  }
  drop(): void {
    this.events.closed()
  }
  last(type: ClientMessage['type']): ClientMessage | undefined {
    return this.sent.filter((one) => one.type === type).pop()
  }
}

export class FakeSockets {
  readonly all: FakeSocket[] = []
  readonly open: OpenSocket = (url, events) => {
    const socket = new FakeSocket(url, events)
    this.all.push(socket)
    return {
      send: (text) => socket.sent.push(JSON.parse(text) as ClientMessage),
      close: () => (socket.closed = true),
    }
  }
  get last(): FakeSocket {
    const socket = this.all[this.all.length - 1]
    if (socket === undefined) throw new Error('no socket was opened')
    return socket
  }
}

export function response(
  status: number,
  body: unknown = '',
  headers: Record<string, string> = {},
): HttpResponse {
  return {
    status,
    header: (name) => headers[name] ?? null,
    text: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

export class FakeHttp {
  readonly requests: HttpRequest[] = []
  answer: (request: HttpRequest) => HttpResponse | Promise<HttpResponse> = () => response(404)
  readonly http: Http = async (request) => {
    this.requests.push(request)
    return this.answer(request)
  }
  count(method: string, url = ''): number {
    return this.requests.filter((one) => one.method === method && one.url.includes(url)).length
  }
}

const SDP = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n'

export interface FakeSender {
  track: Track | null
  readonly encodings: readonly Encoding[]
  active: readonly string[]
  paused: boolean
}

export class FakePeer implements Peer {
  readonly raw = this
  readonly senders: FakeSender[] = []
  /** The codec that each sender was asked to send in. */
  readonly codecs: CodecName[] = []
  rows: readonly StatRow[] = []
  waits: Waits | null = null
  readonly receivers: Track[] = []
  offers = 0
  restarts = 0
  accepted: string[] = []
  closed = false
  /** Acts as a browser that cannot send the new track without a new negotiation. */
  refusesTracks = false
  /** The number of times that a sender still fails to go on, to pause, or to send other layers. */
  readonly refusals = { goOn: 0, pause: 0, layers: 0 }
  constructor(private readonly events: PeerEvents) {}
  addSender(track: Track, options: SendOptions) {
    this.codecs.push(options.codec)
    const active: readonly string[] = options.active ?? options.encodings.map((one) => one.rid)
    const sender: FakeSender = { track, encodings: options.encodings, active, paused: false }
    this.senders.push(sender)
    return {
      replaceTrack: async (next: Track | null) => {
        if (this.closed) throw new Error('InvalidStateError')
        if (this.refusesTracks) throw new Error('InvalidModificationError')
        sender.track = next
      },
      setActive: async (rids: readonly string[]) => {
        if (this.closed) throw new Error('InvalidStateError')
        if (this.refusals.layers-- > 0) throw new Error('InvalidModificationError')
        sender.active = rids
      },
      setPaused: async (paused: boolean) => {
        if (this.closed) throw new Error('InvalidStateError')
        if (this.refusals[paused ? 'pause' : 'goOn']-- > 0) throw new Error('InvalidModificationError')
        sender.paused = paused
      },
    }
  }
  addReceiver(kind: 'audio' | 'video'): Track {
    const track = { id: `${kind}-${this.receivers.length}`, kind }
    this.receivers.push(track)
    return track
  }
  async offer(iceRestart: boolean): Promise<string> {
    if (iceRestart) this.restarts += 1
    else this.offers += 1
    return SDP
  }
  async accept(answer: string): Promise<void> {
    this.accepted.push(answer)
  }
  answer(): string {
    return this.accepted[this.accepted.length - 1] ?? ''
  }
  async stats(): Promise<readonly StatRow[]> {
    return this.rows
  }
  setWaits(waits: Waits): void {
    this.waits = waits
  }
  close(): void {
    this.closed = true
  }
  become(state: PeerState): void {
    this.events.stateChanged(state)
  }
}

export class FakePeers {
  readonly all: FakePeer[] = []
  /** Settings of every peer from its beginning. */
  readonly refusals = { goOn: 0, pause: 0 }
  readonly open: OpenPeer = (events) => {
    const peer = new FakePeer(events)
    Object.assign(peer.refusals, this.refusals)
    this.all.push(peer)
    return peer
  }
  get last(): FakePeer {
    const peer = this.all[this.all.length - 1]
    if (peer === undefined) throw new Error('no peer was opened')
    return peer
  }
}

// A room of the server: it has the fields of every part, those of parts to come too.
const RECORDED = new URL('../core/classroom/recorded_rooms.json', import.meta.url)
const [{ before: FRESH }] = JSON.parse(readFileSync(RECORDED, 'utf8')) as [{ before: Snapshot }]

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    ...FRESH,
    seq: 10,
    instance: 'one',
    you: 'room-a',
    lesson: {
      lesson_id: 'lesson',
      title: '认识图形',
      state: 'live',
      lead_teacher: '王老师',
      starts_at: '2026-11-22T00:00:00Z',
      ends_at: '2026-11-22T00:40:00Z',
      held_from: null,
      held_to: null,
    },
    participants: [],
    hands: [],
    on_stage: [],
    muted_all: false,
    headcounts: [],
    notices: [],
    sources: [],
    recording: 'recording',
    server_time: '2026-11-22T00:00:10Z',
    ...changes,
  }
}

export function source(participantId: string, kind: 'camera' | 'courseware') {
  return {
    source_id: `${participantId}.${kind}`,
    participant_id: participantId,
    kind,
    has_audio: true,
    has_video: true,
    layers: ['l', 'm', 'h'],
  }
}

export function participant(participantId: string, role: Participant['role']): Participant {
  const unknown = 'unknown' as const
  return {
    participant_id: participantId,
    role,
    name: participantId,
    school: null,
    online: true,
    attended: true,
    devices: { camera: unknown, microphone: unknown, loudspeaker: unknown },
    link: {
      state: 'good',
      rtt_ms: null,
      loss: null,
      seeing: null,
      limit: 'none',
      carries_bps: null,
      uplink: null,
      stills: false,
      codec_missing: false, excess: 'none',
    },
  }
}
