/** What this computer remembers, and what the address asks for. */
import type { CodecName } from '../core/peer'

const query = new URLSearchParams(location.search)

/** `?codec=h264` for stations whose VP8 encoder is too slow. */
export const preferredCodec: CodecName = query.get('codec')?.toLowerCase() === 'h264' ? 'H264' : 'VP8'

/** `?audio=raw` where the room's own sound system already cancels echo and noise. */
export const rawAudio = query.get('audio') === 'raw'

const PREFIX = 'tongke.'

/** Storage that may be switched off in a locked-down browser: then nothing is remembered. */
export const memory = {
  get(name: string): string | null {
    try {
      return localStorage.getItem(PREFIX + name)
    } catch {
      return null
    }
  },
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + name)
      else localStorage.setItem(PREFIX + name, value)
    } catch {
      // Nothing to remember with.
    }
  },
}
