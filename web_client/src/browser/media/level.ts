import { onScopeDispose, reactive, type Ref, watch } from 'vue'
import { LevelMeter } from '../../core/media/devices/device_check'
import { watchSamples } from './sound'

/** The level of a microphone, for a meter on the page. */
export function useLevel(microphone: Ref<MediaStreamTrack | null>): LevelMeter {
  const meter = reactive(new LevelMeter()) as LevelMeter
  let stop = () => {}
  watch(
    microphone,
    (track) => {
      stop()
      meter.value = 0
      stop = track === null ? () => {} : watchSamples([track], (samples, s) => meter.update(samples, s))
    },
    { immediate: true },
  )
  onScopeDispose(() => stop())
  return meter
}
