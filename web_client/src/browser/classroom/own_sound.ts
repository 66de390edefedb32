/** Looks once a second whether the lesson can hear this page. */
import { computed, onScopeDispose, ref, watch } from 'vue'
import { reported, SoundJudge, type SoundState } from '../../core/media/devices/sound_truth'
import type { Devices } from '../../core/base/wire'
import type { LessonHandle } from './lesson'
import type { LocalMedia } from '../media/local_media'

const LOOK_EVERY_MS = 1000
const RESTART_EVERY = 15 // looks: a session that sends no sound is made anew

/** @param quietAfterS see `SoundJudge`. */
export function useOwnSound({ session }: LessonHandle, local: LocalMedia, quietAfterS?: number) {
  const judge = new SoundJudge(quietAfterS)
  const state = ref<SoundState>('starting')
  let unsent = 0

  function look(): void {
    const { camera } = session
    state.value = judge.see({
      microphone: local.devices.value.microphone,
      blocked: local.own.audio.blocked.value,
      publishing: camera.state === 'up',
      paused: camera.isSoundPaused,
      ...camera.sentSound,
    })
    unsent = state.value === 'not_sent' ? unsent + 1 : 0
    if (unsent > 0 && unsent % RESTART_EVERY === 0) camera.session.restart()
  }
  const timer = window.setInterval(look, LOOK_EVERY_MS)
  watch(local.devices, look)
  onScopeDispose(() => window.clearInterval(timer))

  /** The devices as the other pages should know them. */
  const devices = computed<Devices>(() => ({
    ...local.devices.value,
    microphone: reported(local.devices.value.microphone, state.value),
  }))
  return { state, devices }
}
