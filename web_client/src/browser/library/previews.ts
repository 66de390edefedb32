/** Fetches what the bars of a player show beside the time. */
import { storyboardOf } from '../../core/library/storyboard'
import type { Picture } from '../../core/library/storyboard'
import { waveformOf } from '../../core/library/waveform'
import type { Waveform } from '../../core/library/waveform'

const PATIENCE_MS = 30_000 // with 250 kB over a poor line

/** What there is of a preview. `none`: the recorder made none, as of a source without picture or sound. */
export type PreviewState = 'loading' | 'ready' | 'none' | 'failed'
export interface Fetched<T> {
  readonly state: Exclude<PreviewState, 'loading'>
  readonly value: T | null
}

async function textOf(url: string): Promise<string | null> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), PATIENCE_MS)
  try {
    const answer = await fetch(url, { signal: controller.signal })
    return answer.ok ? await answer.text() : null
  } catch {
    return null // a bar without pictures is still one
  } finally {
    clearTimeout(timer)
  }
}

async function fetched<T>(url: string | null, read: (text: string, url: string) => T | null): Promise<Fetched<T>> {
  if (url === null) return { state: 'none', value: null }
  const text = await textOf(url)
  const value = text === null ? null : read(text, url)
  return { state: value === null ? 'failed' : 'ready', value }
}

export function fetchStoryboard(url: string | null): Promise<Fetched<readonly Picture[]>> {
  return fetched(url, (text, at) => {
    const pictures = storyboardOf(text, at)
    return pictures.length === 0 ? null : pictures
  })
}

export function fetchWaveform(url: string | null): Promise<Fetched<Waveform>> {
  return fetched(url, waveformOf)
}
