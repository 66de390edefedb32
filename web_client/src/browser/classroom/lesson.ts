/** A lesson session for a Vue page: reactive state, and everything stopped when the page goes. */
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import type { ControlStatus } from '../../core/classroom/control'
import { LessonSession } from '../../core/classroom/lesson_session'
import type { MediaState } from '../../core/media/media_session'
import type { PictureState } from '../../core/classroom/picture_state'
import { pictureFacts, pictureState } from '../../core/classroom/picture_state'
import type { RoomState } from '../../core/classroom/room_state'
import type { SlotCounts, SlotTracks } from '../../core/media/viewer'
import type { UplinkHealth } from '../../core/media/uplink'
import { LIVE_PATIENCE_MS } from '../../core/base/rest'
import type { SlotView, SourceKind } from '../../core/base/wire'
import { browserClock } from '../base/clock'
import { county } from '../base/county'
import { browserHttp } from '../base/http'
import { rest, signedInAs, whichTerminal, whoAmI } from '../identity/identity'
import { openBrowserPeer } from '../media/peer'
import { preferredCodec } from '../media/address_options'
import { openBrowserSocket, socketUrl } from './socket'

const TROUBLE_AFTER_MS = 1000 // a break that heals within a second is not worth a word

export interface LessonOptions {
  readonly lessonId: string
  readonly slots: SlotCounts
  /** A classroom signs itself in again when its session has run out. */
  readonly terminal: boolean
}

export function useLesson(options: LessonOptions) {
  const welcome = options.terminal ? whichTerminal : whoAmI
  const session = new LessonSession({
    lessonId: options.lessonId,
    controlUrl: socketUrl(`/ws/lessons/${encodeURIComponent(options.lessonId)}?as=${signedInAs}`),
    slots: options.slots,
    codec: preferredCodec,
    rest,
    http: (request) => browserHttp({ patienceMs: LIVE_PATIENCE_MS, ...request }),
    clock: browserClock,
    serverNow: county.serverNow,
    openSocket: openBrowserSocket,
    openPeer: openBrowserPeer,
    stillWelcome: async () => (await welcome(LIVE_PATIENCE_MS)) !== null,
  })
  const state = shallowRef<RoomState | null>(null)
  const status = ref<ControlStatus>('idle')
  const bye = ref<LessonSession['control']['bye']>(null)
  const watching = ref<MediaState>('idle')
  const publishing = ref<MediaState>('idle')
  const tracks = shallowRef<SlotTracks>({ video: [], audio: [] })
  /** Tracks whose picture ran and stands still. */
  const standing = shallowRef<ReadonlySet<string>>(new Set())
  /** Tracks of which this computer decodes next to nothing. */
  const slow = shallowRef<ReadonlySet<string>>(new Set())
  /** What the own uplink does to what this page sends. */
  const cameraUplink = ref<UplinkHealth>('ok')
  const coursewareUplink = ref<UplinkHealth>('ok')
  const troubled = ref(false)
  /** The server is out of reach, and for so long that a person should know: no command can work. */
  const away = computed(() => troubled.value && status.value !== 'open')

  /** Why somebody's picture is not seen in a slot; null: the plan has no slot for it. */
  function pictureOf(who: string, kind: SourceKind, slot: number | null): PictureState {
    if (state.value === null) return 'coming'
    const track = (slot === null ? undefined : tracks.value.video[slot]?.id) ?? ''
    const cut = troubled.value && watching.value !== 'up'
    const own = { slot, cut, standing: standing.value.has(track), slow: slow.value.has(track) }
    return pictureState(pictureFacts(state.value, who, kind, own))
  }

  let timer: number | undefined
  let watched = false // it worked before: whatever it does to come back, it is not back
  const hurt = computed(
    () =>
      status.value === 'waiting' ||
      status.value === 'connecting' ||
      watching.value === 'repairing' ||
      watching.value === 'waiting' ||
      (watched && watching.value !== 'up'),
  )
  function judge(): void {
    if (!hurt.value) {
      window.clearTimeout(timer)
      timer = undefined
      troubled.value = false
    } else if (timer === undefined) {
      timer = window.setTimeout(() => (troubled.value = true), TROUBLE_AFTER_MS)
    }
  }

  session.onState.add((next) => (state.value = next))
  session.control.onSnapshot.add((next) => county.heard({ server_time: next.serverTime }))
  session.control.onStatus.add((next) => {
    status.value = next
    bye.value = session.control.bye
    judge()
  })
  session.viewer.session.onState.add((next) => {
    if (next === 'up' || next === 'idle') watched = next === 'up'
    watching.value = next
    judge()
  })
  session.camera.session.onState.add((next) => (publishing.value = next))
  session.viewer.onTracks.add((next) => (tracks.value = next))
  session.viewer.onArriving.add((next) => {
    standing.value = next.standing
    slow.value = next.slow
  })
  session.camera.onHealth.add((next) => (cameraUplink.value = next))
  session.courseware.onHealth.add((next) => (coursewareUplink.value = next))

  const newNetwork = () => session.pathChanged()
  const hurry = () => session.hurry()
  // Chromium's only; it also tells of mere estimates, which is why it changes nothing that works.
  const { connection: network } = navigator as Navigator & { connection?: EventTarget }
  const nudge = () => {
    if (!document.hidden) session.nudge()
  }
  const leave = () => session.stop()
  const comeBack = (event: PageTransitionEvent) => {
    if (event.persisted) window.location.reload() // from the back/forward cache: all was closed by `leave`
  }
  window.addEventListener('online', newNetwork)
  network?.addEventListener('change', hurry)
  document.addEventListener('visibilitychange', nudge)
  window.addEventListener('pagehide', leave)
  window.addEventListener('pageshow', comeBack)
  const retract = expose(session)
  onScopeDispose(() => {
    window.clearTimeout(timer)
    window.removeEventListener('online', newNetwork)
    network?.removeEventListener('change', hurry)
    document.removeEventListener('visibilitychange', nudge)
    window.removeEventListener('pagehide', leave)
    window.removeEventListener('pageshow', comeBack)
    session.stop()
    retract()
  })

  return {
    session,
    state,
    status,
    bye,
    watching,
    publishing,
    tracks,
    pictureOf,
    cameraUplink,
    coursewareUplink,
    troubled,
    away,
  }
}

export type LessonHandle = ReturnType<typeof useLesson>

/** What tests and support staff may look at: `window.__tongke.viewerPc.getStats()`. */
export interface Diagnosis {
  readonly session: LessonSession
  readonly control: LessonSession['control']
  readonly viewer: LessonSession['viewer']
  readonly publisher: LessonSession['camera']
  readonly courseware: LessonSession['courseware']
  readonly state: RoomState | null
  readonly viewerPc: RTCPeerConnection | null
  readonly publisherPc: RTCPeerConnection | null
  readonly coursewarePc: RTCPeerConnection | null
  pinView(view: readonly SlotView[] | null): void
}

declare global {
  interface Window {
    __tongke?: Diagnosis
  }
}

function expose(session: LessonSession): () => void {
  const connection = (raw: unknown) => (raw ?? null) as RTCPeerConnection | null
  const diagnosis: Diagnosis = {
    session,
    control: session.control,
    viewer: session.viewer,
    publisher: session.camera,
    courseware: session.courseware,
    get state() {
      return session.state
    },
    get viewerPc() {
      return connection(session.viewer.peer?.raw)
    },
    get publisherPc() {
      return connection(session.camera.peer?.raw)
    },
    get coursewarePc() {
      return connection(session.courseware.peer?.raw)
    },
    pinView: (view) => session.pinView(view),
  }
  window.__tongke = diagnosis
  return () => {
    if (window.__tongke === diagnosis) delete window.__tongke
  }
}
