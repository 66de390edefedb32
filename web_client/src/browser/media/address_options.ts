/** Options of the media path that a page takes from its address. */
import type { CodecName } from '../../core/media/peer'

const query = new URLSearchParams(location.search)

/** `?codec=h264` for stations whose VP8 encoder is too slow. */
export const preferredCodec: CodecName = query.get('codec')?.toLowerCase() === 'h264' ? 'H264' : 'VP8'

/** `?audio=raw` where the room's own sound system already cancels echo and noise. */
export const rawAudio = query.get('audio') === 'raw'
