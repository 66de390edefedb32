/** One source of a recording in one media element, kept in step with the master clock beside the other `pictures`. */
import { START_AHEAD_S, correction, fileAfter, fileAt, fileSeenAt, hasAhead } from '../../core/library/playback'
import type { RecordingFile, RecordingSource } from '../../core/base/wire'
import { openMedia } from './media_source'
import type { OpenMedia } from './media_source'

const NEXT_SEEK_MS = 1000 // a seek needs time to show its effect before another is worth it
const STILL_S = 0.05 // precision of a paused picture

export class SourcePlayer {
  private file: RecordingFile | null = null // due now
  private seen = false // the one opened is due now, or so soon that its first picture stands there
  private opened: RecordingFile | null = null // the one due now, or else the next
  private media: OpenMedia | null = null
  private lastSeekMs = -Infinity
  failed = false

  constructor(
    readonly source: RecordingSource,
    readonly element: HTMLVideoElement,
    private readonly pictures: number,
  ) {
    element.preload = 'auto'
    element.onerror = () => {
      if (this.opened !== null) this.failed = true
    }
  }

  /** Whether something lies at the present position. */
  get present(): boolean {
    return this.file !== null && !this.failed
  }

  /** Whether a picture stands there at the present position. */
  get shown(): boolean {
    return this.seen && !this.failed
  }

  /** Cannot go on for want of data. */
  get buffering(): boolean {
    const { element } = this
    return this.present && !element.ended && (element.seeking || element.readyState < 3)
  }

  /** Whether playing may begin at this position, as far as this source is concerned. */
  readyAt(positionS: number): boolean {
    const { element, opened } = this
    if (opened === null || this.failed || element.ended || opened.offset_s > positionS + START_AHEAD_S) return true
    return !element.seeking && hasAhead(element.buffered, element.currentTime, element.duration || Infinity)
  }

  /** Fit to be followed by the clock. */
  get mayLead(): boolean {
    return this.present && !this.element.ended
  }

  /** Where the element is, on the recording's timeline. */
  get positionS(): number {
    return (this.file?.offset_s ?? 0) + this.element.currentTime
  }

  /** Jumps at once, as a person wants it. */
  seek(positionS: number, nowMs: number): void {
    this.load(positionS)
    if (this.file !== null) this.jump(positionS - this.file.offset_s, nowMs)
  }

  /** Brings the element to where it should be; called ten times a second. */
  follow(positionS: number, playing: boolean, rate: number, leads: boolean, nowMs: number): void {
    this.load(positionS)
    const { element, file } = this
    if (file === null || this.failed) {
      element.pause()
      return
    }
    const target = positionS - file.offset_s
    if (!playing) {
      element.pause()
      if (Math.abs(element.currentTime - target) > STILL_S) this.jumpSoon(target, nowMs)
      return
    }
    if (element.paused && !element.ended) element.play().catch(() => {}) // a pause in between ends it
    if (element.seeking || element.readyState < 2) return
    const step = correction(element.currentTime, target, rate, !leads)
    if (step.kind === 'seek') this.jumpSoon(step.to, nowMs)
    this.setRate(step.kind === 'pull' ? step.rate : rate)
  }

  close(): void {
    const { element } = this
    element.onerror = null
    this.media?.close()
    this.media = null
    element.pause()
    element.removeAttribute('src')
    element.load()
  }

  /** Opens the file that is due at this position, or else the next one, if it is another. */
  private load(positionS: number): void {
    this.file = fileAt(this.source, positionS)
    this.seen = fileSeenAt(this.source, positionS) !== null
    const wanted = this.file ?? fileAfter(this.source, positionS)
    if (wanted === null || wanted === this.opened) return
    this.opened = wanted
    this.failed = false
    this.media?.close()
    this.media = openMedia(this.element, wanted.url, wanted.mime, this.pictures, () => {
      if (this.opened === wanted) this.failed = true
    })
    this.element.currentTime = Math.max(0, positionS - wanted.offset_s)
  }

  private jump(target: number, nowMs: number): void {
    this.lastSeekMs = nowMs
    this.element.currentTime = Math.max(0, target)
  }

  private jumpSoon(target: number, nowMs: number): void {
    if (!this.element.seeking && nowMs - this.lastSeekMs >= NEXT_SEEK_MS) this.jump(target, nowMs)
  }

  private setRate(rate: number): void {
    if (Math.abs(this.element.playbackRate - rate) > 0.001) this.element.playbackRate = rate
  }
}
