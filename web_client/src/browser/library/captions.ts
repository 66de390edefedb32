/** Captions that a page fetches, or that a person brings as a file. */
import { captionsOf, type ShownCue } from '../../core/library/captions'

export async function fetchCaptions(url: string | null | undefined): Promise<readonly ShownCue[]> {
  if (url === null || url === undefined) return []
  try {
    const answer = await fetch(url)
    return answer.ok ? captionsOf(await answer.text()) : []
  } catch {
    return [] // a lesson without captions is still one
  }
}

/** The text of a file: UTF-8 and UTF-16 as they say they are, else as Chinese Windows writes it. */
export async function captionsInFile(file: File): Promise<readonly ShownCue[]> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null
  if (wide !== null) return captionsOf(new TextDecoder(wide).decode(bytes))
  try {
    return captionsOf(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return captionsOf(new TextDecoder('gb18030').decode(bytes))
  }
}
