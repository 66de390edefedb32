/** Pictures and sound along a player's bar, of the sources that are played. */
import { shallowRef } from 'vue'
import { fetchStoryboard, fetchWaveform } from '../../browser/library/previews'
import type { Cast } from '../../core/library/playback'
import type { Picture } from '../../core/library/storyboard'
import type { Waveform } from '../../core/library/waveform'

/** Fetches them. The courseware's pictures tell more of a place than the teacher's face; the sound is the teacher's. */
export function usePreviews(parts: Cast) {
  const pictures = shallowRef<readonly Picture[]>([])
  const waveform = shallowRef<Waveform | null>(null)
  const board = parts.courseware?.storyboard_url ?? parts.camera?.storyboard_url ?? null
  const sound = parts.camera?.waveform_url ?? parts.courseware?.waveform_url ?? null
  void fetchStoryboard(board).then((found) => (pictures.value = found))
  void fetchWaveform(sound).then((found) => (waveform.value = found))
  return { pictures, waveform }
}
