/** Publishes one source by WHIP: its tracks, its simulcast layers, its codec. */
import { activeLayers } from './layer_gate'
import type { Cancel } from '../base/clock'
import { Listeners } from '../base/clock'
import type { MediaSessionOptions, MediaState } from './media_session'
import { MediaSession } from './media_session'
import type { CodecName, Encoding, Peer, Sender, Track } from './peer'
import type { SentSound } from './sent_sound'
import { NO_SOUND } from './sent_sound'
import type { UplinkHealth } from './uplink'
import { Uplink } from './uplink'

const MODEST_KBPS = 100 // the lowest layer in part; the browser finds out within a second whether more fits
const MODEST_FOR_MS = 3000 // the server says at once what it wants; where it cannot, everything is sent
const RETRY_MS = 250 // what a word on stage can spare; whatever hindered the sender may have passed by then

/** Three temporal layers: the relay may halve a picture's rate twice before it gives up its size. */
const scalabilityMode = 'L1T3'

/** The layers of a source, lowest first: that is the order in which a browser sheds them last. */
export const CAMERA_LAYERS: readonly Encoding[] = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode },
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_500_000, scalabilityMode },
]

/** Courseware must stay legible: two layers, few frames, many bits for each. */
export const COURSEWARE_LAYERS: readonly Encoding[] = [
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 400_000, maxFramerate: 15, scalabilityMode },
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 2_000_000, maxFramerate: 15, scalabilityMode },
]

export interface PublishedTracks {
  readonly video: Track | null
  readonly audio: Track | null
}

const NOTHING: PublishedTracks = { video: null, audio: null }

interface Senders {
  readonly video: Sender | null
  readonly audio: Sender | null
}

const NO_SENDERS: Senders = { video: null, audio: null }

/** What the server says somebody takes of a source. */
export interface Wanted {
  readonly layers: readonly string[]
  readonly sound: boolean
}

export interface PublisherOptions extends Omit<MediaSessionOptions, 'prepare'> {
  readonly layers: readonly Encoding[]
  readonly codec: CodecName
}

export class Publisher {
  readonly session: MediaSession
  /** What the own uplink does to this source. */
  readonly onHealth = new Listeners<UplinkHealth>()
  health: UplinkHealth = 'ok'
  /** What is sent of the microphone; told once a second while the session is up. */
  sentSound: SentSound = NO_SOUND
  private tracks: PublishedTracks = NOTHING
  private senders: Senders = NO_SENDERS
  private allowed = false
  private uplink: Uplink | null = null
  private watched: Peer | null = null
  private wanted: Wanted | null = null
  private codec: CodecName
  private heard = false
  private sending = ''
  private soundPaused: boolean | null = false // null: not known
  private modest = false
  private beginsModestly = false
  private cancelModest: Cancel = () => {}
  private cancelSound: Cancel = () => {}
  private cancelLayers: Cancel = () => {}

  constructor(private readonly options: PublisherOptions) {
    this.codec = options.codec
    this.session = new MediaSession({
      ...options,
      prepare: (peer) => this.prepare(peer),
      startKbps: () => (this.beginsModestly ? MODEST_KBPS : null),
    })
    this.session.onState.add((state) => {
      // A peer that is being given up takes no track; the next one is made with those of that moment.
      if (state === 'opening' || state === 'waiting' || state === 'idle') this.dropSenders()
      // The server has the new session now: what it says from here on concerns that one.
      if (state === 'connecting') this.wanted = null
      if (state === 'up' && this.watched !== this.peer) this.begin(this.peer)
      if (state === 'opening' || state === 'idle') this.begin(null)
    })
  }

  get state(): MediaState {
    return this.session.state
  }

  get peer(): Peer | null {
    return this.session.peer
  }

  /** Whether the lesson lets this page publish now. */
  allow(allowed: boolean): void {
    this.allowed = allowed
    this.settle()
  }

  /** The server wants no sound of this source now. */
  get isSoundPaused(): boolean {
    return this.soundPaused === true
  }

  /**
   * What to publish; a changed device is swapped in place, without a new session, and one that is gone leaves its
   * sender empty until it is back. A kind of track that the session has no sender for needs a new one, as does a track
   * that cannot take the place of the old one.
   */
  async setTracks(tracks: PublishedTracks): Promise<void> {
    const before = this.tracks
    this.tracks = tracks
    if (this.carries(tracks)) {
      const { senders } = this
      try {
        await Promise.all([
          before.video !== tracks.video && senders.video?.replaceTrack(tracks.video),
          before.audio !== tracks.audio && senders.audio?.replaceTrack(tracks.audio),
        ])
      } catch {
        if (senders === this.senders) this.session.restart()
      }
      return
    }
    this.session.stop()
    this.settle()
  }

  /**
   * What somebody takes, as the server says; null: it has not said, so everything. A new session begins with
   * everything: what was said before the server had it concerned the one before.
   */
  setWanted(wanted: Wanted | null): void {
    this.wanted = wanted
    this.endModesty()
    if (this.watched !== null) this.send()
  }

  /** Somebody decodes no other codec: from here on it is VP8, in a new session if need be. */
  useVp8(): void {
    if (this.codec === 'VP8') return
    this.codec = 'VP8'
    this.session.restart()
  }

  /**
   * Whether the lesson lets this source be heard. That goes before what the server said of its sound, which may be on
   * its way still: who is called on stage may speak already.
   */
  setHeard(heard: boolean): void {
    this.heard = heard
    if (this.watched !== null) this.sendSound()
  }

  /** Whether a new session begins with its lowest layer, at a low rate: nobody waits for more of it. */
  setModest(modest: boolean): void {
    this.modest = modest
    if (modest || !this.beginsModestly) return
    this.endModesty()
    if (this.watched !== null) this.send()
  }

  private endModesty(): void {
    this.beginsModestly = false
    this.cancelModest()
  }

  /** Whether the present session has a place for these tracks; one that is not prepared yet has it for all. */
  private carries({ video, audio }: PublishedTracks): boolean {
    const { senders, state } = this
    if (state === 'idle' || (video === null && audio === null)) return false
    if (senders === NO_SENDERS) return true
    return (video === null || senders.video !== null) && (audio === null || senders.audio !== null)
  }

  /** Looks after a new session's uplink; null: there is none. */
  private begin(peer: Peer | null): void {
    this.uplink?.stop()
    this.uplink = null
    this.watched = peer
    this.sentSound = NO_SOUND
    if (peer !== null) {
      this.uplink = new Uplink(this.options.clock, peer)
      this.uplink.onChange.add(({ health }) => {
        this.send()
        this.become(health)
      })
      this.uplink.onSound.add((sound) => (this.sentSound = sound))
      this.uplink.start()
      this.send()
      if (this.beginsModestly) {
        this.cancelModest = this.options.clock.after(MODEST_FOR_MS, () => {
          this.endModesty()
          this.send()
        })
      }
    } else this.become('ok')
  }

  private become(health: UplinkHealth): void {
    if (health === this.health) return
    this.health = health
    this.onHealth.tell(health)
  }

  private send(): void {
    this.sendSound()
    this.sendLayers()
  }

  private sendSound(again = true): void {
    const { audio } = this.senders
    const paused = this.wanted?.sound === false && !this.heard
    if (audio === null || paused === this.soundPaused) return
    this.cancelSound()
    this.soundPaused = paused
    audio.setPaused(paused).catch(() => {
      // A peer that is being closed has a successor, and a later wish has an answer of its own.
      if (audio === this.senders.audio && paused === this.soundPaused) this.soundRefused(paused, again)
    })
  }

  /** Once more, and then in a new session, which begins with sound: who is on stage must not stay mute. */
  private soundRefused(paused: boolean, again: boolean): void {
    this.cancelSound()
    if (again) {
      this.cancelSound = this.options.clock.after(RETRY_MS, () => {
        this.soundPaused = null
        this.sendSound(false)
      })
    } else if (paused) this.soundPaused = null // heard by nobody, and tried again at the server's next word
    else this.session.restart()
  }

  private sendLayers(again = true): void {
    const { video } = this.senders
    const all = this.options.layers.map((layer) => layer.rid)
    const wanted = this.beginsModestly ? all.slice(0, 1) : (this.wanted?.layers ?? null)
    const active = activeLayers(all, wanted, this.uplink?.squeezed === true)
    if (video === null || active.join() === this.sending) return
    this.cancelLayers()
    this.sending = active.join()
    video.setActive(active).catch(() => {
      // A peer that is being closed has a successor, which sends everything; a later wish has its own answer.
      if (video !== this.senders.video || active.join() !== this.sending) return
      this.sending = '' // else at the next word of the server or the uplink
      if (again) this.cancelLayers = this.options.clock.after(RETRY_MS, () => this.sendLayers(false))
    })
  }

  private dropSenders(): void {
    this.senders = NO_SENDERS
    this.cancelSound()
    this.cancelLayers()
    this.cancelModest()
  }

  private settle(): void {
    const something = this.tracks.video !== null || this.tracks.audio !== null
    if (this.allowed && something) this.session.start()
    else this.session.stop()
  }

  private prepare(peer: Peer): void {
    const { video, audio } = this.tracks
    const { codec } = this
    const { layers } = this.options
    this.beginsModestly = this.modest
    const active = layers.map((layer) => layer.rid).slice(0, this.modest ? 1 : layers.length)
    this.sending = active.join()
    this.soundPaused = false
    this.senders = {
      audio: audio && peer.addSender(audio, { encodings: [], codec }),
      video: video && peer.addSender(video, { encodings: layers, codec, active }),
    }
  }
}
