/** Fetches what the seek bar shows beside the time. */
import { storyboardOf } from '../../core/library/storyboard'
import type { Picture } from '../../core/library/storyboard'
import { waveformOf } from '../../core/library/waveform'
import type { Waveform } from '../../core/library/waveform'

async function textOf(url: string | null): Promise<string | null> {
  if (url === null) return null
  try {
    const answer = await fetch(url)
    return answer.ok ? await answer.text() : null
  } catch {
    return null // a seek bar without pictures is still one
  }
}

export async function fetchStoryboard(url: string | null): Promise<readonly Picture[]> {
  const text = await textOf(url)
  return text === null || url === null ? [] : storyboardOf(text, url)
}

export async function fetchWaveform(url: string | null): Promise<Waveform | null> {
  const text = await textOf(url)
  return text === null ? null : waveformOf(text)
}
