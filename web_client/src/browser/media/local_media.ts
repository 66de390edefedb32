/** The camera and microphone of this computer: found, chosen, switched off, and found again when plugged in anew. */
import { computed, onScopeDispose, reactive, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { takesAgain } from '../../core/media/devices/device_choice'
import { failureOf } from '../../core/media/devices/device_check'
import type { Devices, DeviceState } from '../../core/base/wire'
import { memory } from '../base/memory'
import { rawAudio } from './address_options'

export type Kind = 'video' | 'audio'

const KINDS: readonly Kind[] = ['video', 'audio']
const SETTLE_MS = 600 // plugging in one device makes several devicechange events
const BUSY_RETRY_MS = 5000 // no event tells that another program has let a device go
const FRAME_RATE = 25 // what the archive keeps (docs: DOMAIN)

function constraints(kind: Kind, deviceId: string | null): MediaTrackConstraints {
  const device = deviceId === null ? {} : { deviceId: { ideal: deviceId } }
  if (kind === 'video') {
    return {
      ...device,
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: FRAME_RATE, max: 30 },
    }
  }
  const process = !rawAudio
  return {
    ...device,
    echoCancellation: process,
    noiseSuppression: process,
    autoGainControl: process,
    channelCount: { ideal: 1 },
  }
}

/** One of the two devices. */
export interface LocalDevice {
  readonly track: ShallowRef<MediaStreamTrack | null>
  /** What became of looking for it. */
  readonly found: Ref<DeviceState>
  /** Its person wants it on. */
  readonly on: Ref<boolean>
  /** The system delivers nothing from it, though it is there. */
  readonly blocked: Ref<boolean>
  /** As the lesson is told. */
  readonly state: ComputedRef<DeviceState>
}

function device(): LocalDevice {
  const found = ref<DeviceState>('unknown')
  const on = ref(true)
  return {
    track: shallowRef<MediaStreamTrack | null>(null),
    found,
    on,
    blocked: ref(false),
    state: computed(() => (on.value || found.value !== 'ok' ? found.value : 'off')),
  }
}

/** @param allowed whether somebody's click let this page use camera and microphone; before it none is asked for. */
export function useLocalMedia(allowed: () => boolean) {
  const own = { video: device(), audio: device() }
  const loudspeakerState = ref<DeviceState>('unknown')
  const known = shallowRef<MediaDeviceInfo[]>([])
  const searching = ref(false)
  /** The device that could not be taken though it was chosen; the one before stays. */
  const refused = reactive<Record<Kind, DeviceState | null>>({ video: null, audio: null })
  const preferred: Record<Kind, string | null> = {
    video: memory.get('device.video'),
    audio: memory.get('device.audio'),
  }
  let released = false
  let asked = false
  /** Browsers hide cameras from pages that are neither HTTPS nor localhost. */
  const insecure = navigator.mediaDevices === undefined

  const devices = computed<Devices>(() => ({
    camera: own.video.state.value,
    microphone: own.audio.state.value,
    loudspeaker: loudspeakerState.value,
  }))

  function keep(kind: Kind, track: MediaStreamTrack): void {
    const { track: held, found, blocked, on } = own[kind]
    const before = held.value
    if (before !== null) forget(before)
    held.value = track
    found.value = 'ok'
    refused[kind] = null
    blocked.value = track.muted
    if (kind === 'video') track.contentHint = 'motion'
    else track.enabled = on.value
    preferred[kind] = preferred[kind] ?? track.getSettings().deviceId ?? null
    track.onmute = () => (blocked.value = true)
    track.onunmute = () => (blocked.value = false)
    track.onended = () => {
      if (held.value !== track) return
      held.value = null
      found.value = 'missing'
      later()
    }
  }

  async function request(kinds: readonly Kind[]): Promise<void> {
    const wish = (kind: Kind) => (kinds.includes(kind) ? constraints(kind, preferred[kind]) : false)
    const stream = await navigator.mediaDevices.getUserMedia({
      video: wish('video'),
      audio: wish('audio'),
    })
    for (const one of stream.getTracks()) {
      const kind = one.kind === 'video' ? 'video' : 'audio'
      // A permission prompt may be answered after the page was left: then no camera may stay on.
      if (released || (kind === 'video' && !own.video.on.value)) one.stop()
      else keep(kind, one)
    }
  }

  /** Asks for whatever is missing: both at once for one permission prompt, then each alone. */
  async function acquire(): Promise<void> {
    if (!allowed()) return
    asked = true
    if (insecure) {
      for (const kind of KINDS) own[kind].found.value = 'insecure'
      return
    }
    const missing = KINDS.filter((kind) => own[kind].track.value === null && (kind === 'audio' || own.video.on.value))
    if (missing.length === 0 || searching.value || released) return
    searching.value = true
    try {
      await request(missing)
    } catch (failure) {
      if (missing.length === 1) failed(missing[0] ?? 'video', failure)
      else for (const kind of missing) await requestAlone(kind)
    } finally {
      searching.value = false
      known.value = await navigator.mediaDevices.enumerateDevices()
    }
  }

  async function requestAlone(kind: Kind): Promise<void> {
    try {
      await request([kind])
    } catch (failure) {
      failed(kind, failure)
    }
  }

  function failed(kind: Kind, failure: unknown): void {
    const reason = failureOf(failure instanceof DOMException ? failure.name : '')
    if (own[kind].track.value !== null) refused[kind] = reason
    else own[kind].found.value = reason
    if (own[kind].found.value === 'busy') later(BUSY_RETRY_MS)
  }

  /** Takes this device in place of the present one. */
  async function choose(kind: Kind, deviceId: string): Promise<void> {
    memory.set(`device.${kind}`, deviceId)
    preferred[kind] = deviceId
    refused[kind] = null
    if (allowed()) await requestAlone(kind)
  }

  /** Switches a device on or off. A camera that is off is let go: its lamp goes out. */
  async function turn(kind: Kind, on: boolean): Promise<void> {
    const { track, on: wanted } = own[kind]
    wanted.value = on
    if (kind === 'audio') {
      if (track.value !== null) track.value.enabled = on
    } else if (!on && track.value !== null) {
      forget(track.value)
      track.value = null
    }
    if (on) await acquire()
  }

  /** Something was plugged in or out, or a permission given: mends what is missing, without a click. */
  async function lookAgain(): Promise<void> {
    if (!asked || released) return
    await acquire()
    known.value = await navigator.mediaDevices.enumerateDevices()
    for (const kind of KINDS) {
      const ids = known.value.filter((one) => one.kind === `${kind}input`).map((one) => one.deviceId)
      const current = own[kind].track.value?.getSettings().deviceId ?? null
      if (takesAgain(preferred[kind], current, ids)) await requestAlone(kind)
    }
  }

  let timer: number | undefined
  function later(delayMs = SETTLE_MS): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void lookAgain(), delayMs)
  }
  const changed = () => later()
  if (!insecure) navigator.mediaDevices.addEventListener('devicechange', changed)
  const forgetPermissions = watchPermissions(changed)

  function release(): void {
    released = true
    window.clearTimeout(timer)
    forgetPermissions()
    if (!insecure) navigator.mediaDevices.removeEventListener('devicechange', changed)
    for (const kind of KINDS) {
      const { track } = own[kind]
      if (track.value !== null) forget(track.value)
      track.value = null
    }
  }
  onScopeDispose(release)

  return {
    video: own.video.track,
    audio: own.audio.track,
    own,
    devices,
    loudspeakerState,
    insecure,
    searching,
    refused,
    cameras: computed(() => known.value.filter((one) => one.kind === 'videoinput')),
    microphones: computed(() => known.value.filter((one) => one.kind === 'audioinput')),
    acquire,
    choose,
    turn,
    release,
  }
}

export type LocalMedia = ReturnType<typeof useLocalMedia>

function forget(track: MediaStreamTrack): void {
  track.onended = track.onmute = track.onunmute = null
  track.stop()
}

/** Hears when the person allows a camera or microphone in the browser's own bar. Older Firefox knows no such names. */
function watchPermissions(changed: () => void): () => void {
  const watched: PermissionStatus[] = []
  let over = false
  for (const name of ['camera', 'microphone']) {
    navigator.permissions
      ?.query({ name: name as PermissionName })
      .then((status) => {
        if (over) return
        watched.push(status)
        status.onchange = () => {
          if (status.state === 'granted') changed()
        }
      })
      .catch(() => {})
  }
  return () => {
    over = true
    for (const status of watched) status.onchange = null
  }
}
