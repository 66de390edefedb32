/** Pictures and sound along a player's bar, of the sources that are played. */
import { shallowRef } from 'vue'
import { fetchStoryboard, fetchWaveform, type Fetched, type PreviewState } from '../../browser/library/previews'
import type { Cast } from '../../core/library/playback'

/** One preview, with how far its fetching is. */
function usePreview<T>(ask: () => Promise<Fetched<T>>) {
  const value = shallowRef<T | null>(null)
  const state = shallowRef<PreviewState>('loading')
  async function fetchIt(): Promise<void> {
    state.value = 'loading'
    const found = await ask()
    value.value = found.value
    state.value = found.state
  }
  void fetchIt()
  return { value, state, fetchIt }
}

/** Fetches them. The courseware's pictures tell more of a place than the teacher's face; the sound is the teacher's. */
export function usePreviews(parts: Cast) {
  const board = parts.courseware?.storyboard_url ?? parts.camera?.storyboard_url ?? null
  const sound = parts.camera?.waveform_url ?? parts.courseware?.waveform_url ?? null
  const pictures = usePreview(() => fetchStoryboard(board))
  const waveform = usePreview(() => fetchWaveform(sound))
  /** Fetches again what failed. */
  function again(): void {
    for (const one of [pictures, waveform]) if (one.state.value === 'failed') void one.fetchIt()
  }
  return { pictures: pictures.value, film: pictures.state, waveform: waveform.value, sound: waveform.state, again }
}
