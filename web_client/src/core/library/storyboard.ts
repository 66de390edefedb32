/** Storyboards: WebVTT whose cues name parts of sheets, `sheet.jpg#xywh=160,0,160,90`. */

export interface Picture {
  readonly startS: number
  readonly endS: number
  /** The sheet's address. */
  readonly url: string
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

const TIMES = /^(\d+):(\d{2}):(\d{2}\.\d{3}) --> (\d+):(\d{2}):(\d{2}\.\d{3})$/
const PART = /^([^#/\\:]+)#xywh=(\d+),(\d+),(\d+),(\d+)$/
const MAX_PICTURES = 10_000 // as many as the server makes

/** Reads a storyboard; sheets lie beside `url`. What is no cue of a picture is passed over. */
export function storyboardOf(text: string, url: string): readonly Picture[] {
  const folder = url.slice(0, url.lastIndexOf('/') + 1)
  const lines = text.split(/\r?\n/)
  const found: Picture[] = []
  for (let at = 0; at + 1 < lines.length && found.length < MAX_PICTURES; at += 1) {
    const times = TIMES.exec(lines[at] ?? '')
    const part = PART.exec(lines[at + 1] ?? '')
    if (times === null || part === null) continue
    const [startS, endS] = [secondsOf(times, 1), secondsOf(times, 4)]
    const [left, top, width, height] = part.slice(2).map(Number) as [number, number, number, number]
    if (endS > startS && width > 0 && height > 0) {
      found.push({ startS, endS, url: folder + (part[1] ?? ''), left, top, width, height })
    }
  }
  return found
}

function secondsOf(times: RegExpExecArray, from: number): number {
  return Number(times[from]) * 3600 + Number(times[from + 1]) * 60 + Number(times[from + 2])
}

/** The picture that stands for a moment, or null where there is none. */
export function pictureAt(pictures: readonly Picture[], atS: number): Picture | null {
  let [low, high] = [0, pictures.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const picture = pictures[middle]
    if (picture === undefined) return null
    if (atS < picture.startS) high = middle - 1
    else if (atS >= picture.endS) low = middle + 1
    else return picture
  }
  return null
}

/** A film strip: `tiles` pictures for equal parts of the time; null where there is none. */
export function filmOf(pictures: readonly Picture[], durationS: number, tiles: number): readonly (Picture | null)[] {
  return Array.from({ length: tiles }, (_, tile) => pictureAt(pictures, ((tile + 0.5) * durationS) / tiles))
}
