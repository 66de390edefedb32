/** Watches a lesson by WHEP: one session with a fixed number of slots. */
import { Listeners } from '../base/clock'
import type { Arriving } from './downlink'
import { Downlink } from './downlink'
import type { MediaSessionOptions, MediaState } from './media_session'
import { MediaSession } from './media_session'
import type { Peer, Track } from './peer'

export interface SlotCounts {
  readonly video: number
  readonly audio: number
}

export const TEACHER_WALL = 9 // tiles of a page: 3 × 3 (docs: DOMAIN); of 16 slots the offer is too long
export const TEACHER_SLOTS: SlotCounts = { video: TEACHER_WALL + 1, audio: 4 }
export const WATCHER_WALL = 6
export const WATCHER_SLOTS: SlotCounts = { video: WATCHER_WALL + 3, audio: 4 } // and lead, courseware, stage
export const CLASSROOM_SLOTS: SlotCounts = { video: 3, audio: 4 }

/** The tracks behind the slots, in slot order. */
export interface SlotTracks {
  readonly video: readonly Track[]
  readonly audio: readonly Track[]
}

const NO_TRACKS: SlotTracks = { video: [], audio: [] }

export interface ViewerOptions extends Omit<MediaSessionOptions, 'prepare'> {
  readonly slots: SlotCounts
}

export class Viewer {
  readonly session: MediaSession
  readonly onTracks = new Listeners<SlotTracks>()
  /** Once a second while the session is up. */
  readonly onArriving = new Listeners<Arriving>()
  tracks: SlotTracks = NO_TRACKS

  private prepared: SlotTracks = NO_TRACKS
  private downlink: { readonly peer: Peer; readonly watch: Downlink } | null = null

  constructor(private readonly options: ViewerOptions) {
    this.session = new MediaSession({ ...options, prepare: (peer) => this.prepare(peer) })
    this.session.onState.add((state) => this.sessionChanged(state))
  }

  get state(): MediaState {
    return this.session.state
  }

  get peer(): Peer | null {
    return this.session.peer
  }

  allow(allowed: boolean): void {
    if (allowed) this.session.start()
    else this.session.stop()
  }

  private prepare(peer: Peer): void {
    const add = (kind: 'audio' | 'video', count: number) =>
      Array.from({ length: count }, () => peer.addReceiver(kind))
    const { video, audio } = this.options.slots
    this.prepared = { video: add('video', video), audio: add('audio', audio) }
  }

  /** New tracks take over only when they can carry something; until then the last picture stays. */
  private sessionChanged(state: MediaState): void {
    if (state === 'up' && this.tracks !== this.prepared) this.expose(this.prepared)
    if (state === 'idle') this.expose(NO_TRACKS)
    if (state === 'up') this.lookAfter(this.peer)
    if (state === 'idle' || state === 'opening') this.lookAfter(null)
  }

  private lookAfter(peer: Peer | null): void {
    if (this.downlink?.peer === peer) return
    this.downlink?.watch.stop()
    this.downlink = null
    if (peer === null) return
    const watch = new Downlink(this.options.clock, peer, (arriving) => this.onArriving.tell(arriving))
    this.downlink = { peer, watch }
    watch.start()
  }

  private expose(tracks: SlotTracks): void {
    this.tracks = tracks
    this.onTracks.tell(tracks)
  }
}
