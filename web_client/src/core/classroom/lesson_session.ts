/**
 * A page's part in one lesson: the control channel, what it publishes and what it watches. All of it comes back by
 * itself after a cut link or a server restart.
 */
import type { Cancel, Clock } from '../base/clock'
import { Listeners } from '../base/clock'
import type { ControlStatus, OpenSocket } from './control'
import { ControlChannel, DEAD_AFTER_MS } from './control'
import type { KnownAhead } from './known_ahead'
import { NOTHING_KNOWN } from './known_ahead'
import type { CodecName, OpenPeer } from '../media/peer'
import type { PublishedTracks } from '../media/publisher'
import { CAMERA_LAYERS, COURSEWARE_LAYERS, Publisher } from '../media/publisher'
import type { Http, RestClient } from '../base/rest'
import { ApiError } from '../base/rest'
import { MediaGrants } from '../media/media_grants'
import { PublishGate } from './publish_gate'
import type { RoomState } from './room_state'
import { LEAD, setDevices } from './parts/presence'
import type { SlotCounts } from '../media/viewer'
import { Viewer } from '../media/viewer'
import type { Devices, MediaAccess, SlotView } from '../base/wire'

const VIEW_SETTLE_MS = 120 // a layout change moves many tiles; ask once
const FORGET_WANTED_MS = 3000 // without the channel nobody can say any more what is wanted

export interface LessonSessionOptions {
  readonly lessonId: string
  readonly controlUrl: string
  readonly slots: SlotCounts
  readonly codec: CodecName
  readonly rest: RestClient
  readonly http: Http
  readonly clock: Clock
  /** What time it is at the server, in milliseconds. */
  readonly serverNow: () => number
  readonly openSocket: OpenSocket
  readonly openPeer: OpenPeer
  /** See `ControlOptions.stillWelcome`. */
  readonly stillWelcome?: () => Promise<boolean>
  readonly random?: () => number
}

export class LessonSession {
  readonly control: ControlChannel
  readonly camera: Publisher
  readonly courseware: Publisher
  readonly viewer: Viewer
  readonly onState = new Listeners<RoomState>()

  private readonly grants: MediaGrants
  private readonly gate: PublishGate
  private view: readonly SlotView[] = []
  private pinnedView: readonly SlotView[] | null = null
  private sentView = ''
  private devices: Devices | null = null
  private sentDevices = ''
  private cancelView: Cancel | null = null
  private cancelForget: Cancel | null = null
  private cancelAhead: Cancel = () => {}
  private stopped = false

  constructor(private readonly options: LessonSessionOptions) {
    this.control = new ControlChannel({ ...options, url: options.controlUrl })
    this.grants = new MediaGrants(options.clock, () => this.mediaAccess(), options.serverNow)
    this.camera = this.publisher('camera')
    this.courseware = this.publisher('courseware')
    this.viewer = new Viewer({
      ...options,
      endpoint: (fresh) => this.grants.endpoint('watch', fresh),
    })
    this.gate = new PublishGate(options.clock, () => this.publish(true))
    this.control.onStatus.add((status) => {
      if (status === 'open' || status === 'closed') this.cancelAhead() // let in, or not
      // Replaced, forbidden or over: another page may hold these sources now, so leave them to it.
      if (status === 'closed') this.allowMedia(false)
      this.forgetWanted(status)
    })
    // What flows yet flows on until the new session is up.
    this.control.onReopen.add(() => this.viewer.session.restart())
    this.control.onLayersWanted.add(({ source_id, ...wanted }) => {
      const you = this.state?.you ?? ''
      if (source_id === `${you}.camera`) this.camera.setWanted(wanted)
      if (source_id === `${you}.courseware`) this.courseware.setWanted(wanted)
    })
    this.control.onCodecLacking.add(({ source_id }) => {
      const you = this.state?.you ?? ''
      if (source_id === `${you}.camera`) this.camera.useVp8()
      if (source_id === `${you}.courseware`) this.courseware.useVp8()
    })
    this.control.onRestarted.add(() => this.restartMedia())
    this.control.onMoved.add(() => this.moveMedia())
    this.control.onSnapshot.add((state) => {
      this.tellAgain()
      if (state.lesson.state === 'live') this.nudgeMedia() // refused before, maybe, for want of a room
    })
    this.control.onState.add((state) => {
      this.follow(state)
      this.onState.tell(state)
    })
  }

  get state(): RoomState | null {
    return this.control.state
  }

  /** Enters the lesson; what is `known` and wrong costs a refusal, and the channel puts it right. */
  start(known: KnownAhead = NOTHING_KNOWN): void {
    if (this.stopped) return
    this.control.start()
    if (known.live && this.control.status === 'connecting') this.watchAhead(known)
  }

  /** The network or the page came back: try at once instead of when the timer says. */
  nudge(): void {
    this.control.nudge()
    this.nudgeMedia()
  }

  /** Something about the network changed: what seems broken is not waited for. */
  hurry(): void {
    this.control.nudge()
    for (const media of [this.viewer, this.camera, this.courseware]) media.session.hurry()
  }

  /** The computer's network changed: every path is tried anew, whether it seems to work or not. */
  pathChanged(): void {
    this.control.nudge()
    for (const media of [this.viewer, this.camera, this.courseware]) media.session.pathChanged()
  }

  /** For good: a page that was left while it still opened must not come to life unseen. */
  stop(): void {
    this.stopped = true
    this.cancelView?.()
    this.cancelView = null
    this.control.stop()
    this.allowMedia(false)
  }

  /**
   * Hands in the courseware's page as it is now, for those who cannot have its video.
   *
   * @param image at most 48 KiB, encoded.
   */
  async sendStill(mime: string, image: Uint8Array): Promise<void> {
    const { state } = this
    if (state === null || this.courseware.state !== 'up') return
    await this.options.rest.putStill(this.options.lessonId, `${state.you}.courseware`, mime, image)
  }

  setCamera(tracks: PublishedTracks): Promise<void> {
    return this.camera.setTracks(tracks)
  }

  setCourseware(tracks: PublishedTracks): Promise<void> {
    return this.courseware.setTracks(tracks)
  }

  /** Reported now and again after every server restart. */
  setDevices(devices: Devices): void {
    this.devices = devices
    if (this.control.status === 'open') this.sendDevices()
  }

  /** What the layout wants; sent when it has settled and is new. */
  setView(view: readonly SlotView[]): void {
    this.view = view
    this.scheduleView()
  }

  /** Asks for exactly these slots, whatever the layout wants; null returns to the layout. */
  pinView(view: readonly SlotView[] | null): void {
    this.pinnedView = view
    this.scheduleView()
  }

  /** A session may run out while the control channel stays open; the next attempt has the renewed one. */
  private async mediaAccess(): Promise<MediaAccess> {
    const { rest, lessonId, stillWelcome } = this.options
    try {
      return await rest.mediaAccess(lessonId)
    } catch (failure) {
      const lapsed = failure instanceof ApiError && (failure.status === 401 || failure.code === 'csrf')
      if (lapsed && (await stillWelcome?.().catch(() => true)) === false) this.control.signedOut()
      throw failure
    }
  }

  /** What was wanted counts as long as somebody can say that it changed. */
  private forgetWanted(status: ControlStatus): void {
    if (status === 'open' || status === 'closed') {
      this.cancelForget?.()
      this.cancelForget = null
    } else if (this.cancelForget === null) {
      this.cancelForget = this.options.clock.after(FORGET_WANTED_MS, () => {
        this.camera.setWanted(null)
        this.courseware.setWanted(null)
      })
    }
  }

  private publisher(kind: 'camera' | 'courseware'): Publisher {
    const layers = kind === 'camera' ? CAMERA_LAYERS : COURSEWARE_LAYERS
    return new Publisher({
      ...this.options,
      layers,
      endpoint: (fresh) => this.grants.endpoint(kind, fresh),
    })
  }

  private follow(state: RoomState): void {
    const onStage = state.onStage.includes(state.you)
    this.camera.setHeard(onStage && !state.mutedAll)
    this.camera.setModest(!onStage && state.you !== LEAD)
    this.gate.see(state)
    this.allowMedia(state.lesson.state === 'live')
  }

  /**
   * Opens what is watched before the channel let the page in: only there a round trip less is seen. What it publishes
   * waits: an older page of the same person may have these sources still, and a narrow uplink carries the channel first.
   */
  private watchAhead({ access }: KnownAhead): void {
    if (access !== null) this.grants.know(access)
    this.viewer.allow(true)
    this.cancelAhead()
    this.cancelAhead = this.options.clock.after(DEAD_AFTER_MS, () => this.allowMedia(false))
  }

  /**
   * What is watched first: it takes the connection to the server that is open, and needs it most. What a classroom
   * publishes waits until that is there (`PublishGate`).
   */
  private allowMedia(allowed: boolean): void {
    if (!allowed) this.grants.forget()
    this.viewer.allow(allowed)
    this.publish(allowed && this.gate.ask())
    if (!allowed) this.gate.close()
  }

  private publish(allowed: boolean): void {
    this.camera.allow(allowed)
    this.courseware.allow(allowed)
  }

  private nudgeMedia(): void {
    for (const media of [this.viewer, this.camera, this.courseware]) media.session.nudge()
  }

  private restartMedia(): void {
    this.grants.forget()
    this.viewer.session.restart()
    this.gate.close()
    this.publish(this.gate.ask())
    this.camera.session.restart()
    this.courseware.session.restart()
  }

  /** Nothing waits for anything else: what flowed until now flows on until the new sessions are up. */
  private moveMedia(): void {
    this.grants.forget()
    for (const media of [this.viewer, this.camera, this.courseware]) media.session.restart()
  }

  private tellAgain(): void {
    this.sentView = ''
    this.sentDevices = ''
    this.scheduleView()
    this.sendDevices()
  }

  private scheduleView(): void {
    if (this.cancelView !== null) return
    this.cancelView = this.options.clock.after(VIEW_SETTLE_MS, () => {
      this.cancelView = null
      this.sendView()
    })
  }

  private sendView(): void {
    const slots = this.pinnedView ?? this.view
    const text = JSON.stringify(slots)
    if (text === this.sentView || this.control.status !== 'open') return
    this.sentView = text
    this.control.send({ type: 'view', slots }).catch(() => {
      if (this.sentView === text) this.sentView = '' // the next layout change, or snapshot, sends again
    })
  }

  private sendDevices(): void {
    const text = JSON.stringify(this.devices)
    if (this.devices === null || text === this.sentDevices) return
    this.sentDevices = text
    // A lost report is repeated with the next change or snapshot; nobody waits for it.
    this.control.send(setDevices(this.devices)).catch(() => {
      if (this.sentDevices === text) this.sentDevices = ''
    })
  }
}
