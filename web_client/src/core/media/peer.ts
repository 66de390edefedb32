/**
 * A peer connection and its tracks, as far as core needs them. `browser/media/peer.ts` makes it of RTCPeerConnection.
 */
import type { StatRow } from './link_stats'
import type { Waits } from './repair_wait'

export type MediaKind = 'audio' | 'video'

/** A MediaStreamTrack, of which core only needs to know that it is one. */
export interface Track {
  readonly id: string
  readonly kind: string
}

export interface Encoding {
  readonly rid: string
  readonly scaleResolutionDownBy: number
  readonly maxBitrate: number // bit/s
  readonly maxFramerate?: number
  /** W3C webrtc-svc: `L1T3` lets a relay thin out the pictures. Browsers that know none of it ignore it. */
  readonly scalabilityMode?: string
}

export type CodecName = 'VP8' | 'H264'

export interface SendOptions {
  readonly encodings: readonly Encoding[]
  /** The video codec to put first; the others stay as a fallback. */
  readonly codec: CodecName
  /** The layers to begin with, by rid; default: all. */
  readonly active?: readonly string[]
}

export interface Sender {
  replaceTrack(track: Track | null): Promise<void>
  /** Which simulcast layers to encode and send, by rid; the others stop. The newest call counts. */
  setActive(rids: readonly string[]): Promise<void>
  /** Whether to send at all: a sender that pauses keeps its track, and goes on without a negotiation. */
  setPaused(paused: boolean): Promise<void>
}

export type PeerState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

export interface PeerEvents {
  stateChanged(state: PeerState): void
}

export interface Peer {
  /** The RTCPeerConnection itself, for `getStats` in tests and diagnosis. */
  readonly raw: unknown
  /** Adds a send-only transceiver. */
  addSender(track: Track, options: SendOptions): Sender
  /** Adds a receive-only transceiver: a slot. The track is silent or black until something flows. */
  addReceiver(kind: MediaKind): Track
  /** Makes an offer, sets it as the local description and returns it. */
  offer(iceRestart: boolean): Promise<string>
  /** Sets the answer. */
  accept(answer: string): Promise<void>
  /** The answer in force. */
  answer(): string
  /** The rows of `getStats` (W3C webrtc-stats), as they are. */
  stats(): Promise<readonly StatRow[]>
  /** How long its receivers wait for what was lost to come again. */
  setWaits(waits: Waits): void
  close(): void
}

export type OpenPeer = (events: PeerEvents) => Peer
