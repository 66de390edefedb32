/** This computer's camera and microphone: found, chosen, and found again when plugged in anew. */
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { failureOf } from '../core/device_check'
import type { Devices, DeviceState } from '../core/wire'
import { memory, rawAudio } from './settings'

type Kind = 'video' | 'audio'

const SETTLE_MS = 600 // plugging in one device makes several devicechange events
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

/** @param allowed whether somebody's click let this page use camera and microphone; before it none is asked for. */
export function useLocalMedia(allowed: () => boolean) {
  const video = shallowRef<MediaStreamTrack | null>(null)
  const audio = shallowRef<MediaStreamTrack | null>(null)
  const cameraState = ref<DeviceState>('unknown')
  const microphoneState = ref<DeviceState>('unknown')
  const loudspeakerState = ref<DeviceState>('unknown')
  const known = shallowRef<MediaDeviceInfo[]>([])
  const searching = ref(false)
  let released = false
  /** Browsers hide cameras from pages that are neither HTTPS nor localhost. */
  const insecure = navigator.mediaDevices === undefined

  const track = { video, audio }
  const outcome = { video: cameraState, audio: microphoneState }

  const devices = computed<Devices>(() => ({
    camera: cameraState.value,
    microphone: microphoneState.value,
    loudspeaker: loudspeakerState.value,
  }))

  function keep(kind: Kind, found: MediaStreamTrack): void {
    track[kind].value?.stop()
    track[kind].value = found
    outcome[kind].value = 'ok'
    if (kind === 'video') found.contentHint = 'motion'
    found.onended = () => {
      if (track[kind].value !== found) return
      track[kind].value = null
      outcome[kind].value = 'missing'
      later()
    }
  }

  async function request(kinds: readonly Kind[]): Promise<void> {
    const wish = (kind: Kind) =>
      kinds.includes(kind) ? constraints(kind, memory.get(`device.${kind}`)) : false
    const stream = await navigator.mediaDevices.getUserMedia({
      video: wish('video'),
      audio: wish('audio'),
    })
    for (const one of stream.getTracks()) {
      // A permission prompt may be answered after the page was left: then no camera may stay on.
      if (released) one.stop()
      else keep(one.kind === 'video' ? 'video' : 'audio', one)
    }
  }

  /** Asks for whatever is missing: both at once for one permission prompt, then each alone. */
  async function acquire(): Promise<void> {
    if (!allowed()) return
    if (insecure) {
      cameraState.value = 'denied'
      microphoneState.value = 'denied'
      return
    }
    const missing = (['video', 'audio'] as const).filter((kind) => track[kind].value === null)
    if (missing.length === 0 || searching.value) return
    searching.value = true
    try {
      await request(missing)
    } catch (failure) {
      if (missing.length === 1) outcome[missing[0] ?? 'video'].value = reason(failure)
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
      outcome[kind].value = reason(failure)
    }
  }

  async function choose(kind: Kind, deviceId: string): Promise<void> {
    memory.set(`device.${kind}`, deviceId)
    if (allowed()) await requestAlone(kind)
  }

  let timer: number | undefined
  function later(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void acquire(), SETTLE_MS)
  }
  if (!insecure) navigator.mediaDevices.addEventListener('devicechange', later)

  function release(): void {
    released = true
    window.clearTimeout(timer)
    if (!insecure) navigator.mediaDevices.removeEventListener('devicechange', later)
    for (const kind of ['video', 'audio'] as const) {
      if (track[kind].value) track[kind].value.onended = null
      track[kind].value?.stop()
      track[kind].value = null
    }
  }
  onScopeDispose(release)

  return {
    video,
    audio,
    devices,
    loudspeakerState,
    insecure,
    searching,
    cameras: computed(() => known.value.filter((one) => one.kind === 'videoinput')),
    microphones: computed(() => known.value.filter((one) => one.kind === 'audioinput')),
    acquire,
    choose,
    release,
  }
}

export type LocalMedia = ReturnType<typeof useLocalMedia>

function reason(failure: unknown): DeviceState {
  return failureOf(failure instanceof DOMException ? failure.name : '')
}
