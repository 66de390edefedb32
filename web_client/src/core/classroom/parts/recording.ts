/** 正在录制: what the recorder does for this lesson now. */
import type { RecordingState } from '../../base/wire'
import type { Part } from './part'

export interface RecordingPiece {
  readonly recording: RecordingState
}

export const recording: Part<RecordingPiece> = {
  fromSnapshot: (message) => ({ recording: message.recording }),
  reduce: (_, message) =>
    message.type === 'recording_changed' ? { recording: message.recording } : null,
}
