/** 字幕: reading files, which cues are shown, and what an editor changed. Texts are texts: no markup is ever kept. */
import { MAX_CUES, MAX_CUE_CHARS, MAX_CUES_AT_ONCE, type CaptionCue, type CaptionSave, type ResourceEdits, type Span } from '../base/wire'

/** A caption as players show it. */
export interface ShownCue extends Span {
  readonly text: string
}

export const MOST_FILE_BYTES = 2 * 1024 * 1024
export const NEW_CUE_S = 3
const LONGEST_S = 120 // the server takes no longer caption
const SHORTEST_S = 0.06 // the server takes none below 0.05
const EDGE_S = 0.3 // as far as a caption may reach into a cut and still be published
const TIMES = /^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})/
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', lrm: '', rlm: '' }

const neat = (seconds: number): number => Math.round(seconds * 1000) / 1000
const inOrder = <T extends Span>(cues: readonly T[]): T[] => [...cues].sort((a, b) => a.start_s - b.start_s || a.end_s - b.end_s)

function secondsOf(hours: string | undefined, minutes: string, seconds: string, fraction: string): number {
  return neat(Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction.padEnd(3, '0')) / 1000)
}

/** A text that the server takes: without what cannot be seen, at most as long as one may be. */
function plain(lines: readonly string[]): string {
  const kept = lines.map((line) => line.replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, ' ').trim()).filter((line) => line !== '')
  return [...kept.join('\n')].slice(0, MAX_CUE_CHARS).join('').trim()
}

/** Captions of a WebVTT or SubRip file, in order; what is none of either gives none. */
export function captionsOf(text: string): ShownCue[] {
  const vtt = /^\uFEFF?WEBVTT(?:[ \t\r\n]|$)/.test(text)
  const unmarked = (line: string): string => {
    const bare = line.replace(/<[^<>]*>/g, '').replace(/\{\\[^{}]*\}/g, '')
    return vtt ? bare.replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => ENTITIES[name] ?? '') : bare
  }
  const cues: ShownCue[] = []
  for (const block of text.slice(0, MOST_FILE_BYTES).replace(/\r\n?/g, '\n').split(/\n[ \t]*\n/)) {
    const lines = block.split('\n').filter((line, n) => n > 0 || line.trim() !== '')
    const at = lines.slice(0, 2).findIndex((line) => TIMES.test(line))
    const found = at < 0 ? null : TIMES.exec(lines[at] ?? '')
    if (found === null || cues.length >= MAX_CUES) continue
    const [, h1, m1 = '0', s1 = '0', f1 = '0', h2, m2 = '0', s2 = '0', f2 = '0'] = found
    const [start_s, end_s] = [secondsOf(h1, m1, s1, f1), secondsOf(h2, m2, s2, f2)]
    const words = plain(lines.slice(at + 1).map(unmarked))
    if (words !== '' && end_s - start_s >= SHORTEST_S) cues.push({ start_s, end_s: Math.min(end_s, start_s + LONGEST_S), text: words })
  }
  return inOrder(cues)
}

/** The captions to be seen at a moment: those of two who speak at once stand below each other. */
export function cuesAt<T extends ShownCue>(cues: readonly T[], atS: number): T[] {
  return cues.filter((one) => atS >= one.start_s && atS < one.end_s)
}

/** Whether a caption is published with these edits; one that reaches into a cut is not. */
export function isPublished(cue: CaptionCue, edits: Pick<ResourceEdits, 'keep' | 'hidden_sources'>): boolean {
  if (edits.hidden_sources.includes(cue.source_id)) return false
  return edits.keep.length === 0 || edits.keep.some((span) => cue.start_s >= span.start_s - EDGE_S && cue.end_s <= span.end_s + EDGE_S)
}

const nextId = (cues: readonly CaptionCue[]): number => cues.reduce((most, one) => Math.max(most, one.cue_id), 0) + 1

/** With one more caption from a moment on; it ends where the next of its source begins. */
export function withCue(cues: readonly CaptionCue[], atS: number, sourceId: string, endS: number): readonly CaptionCue[] {
  if (cues.length >= MAX_CUES) return cues
  const start = neat(Math.max(0, Math.min(atS, endS - 0.5)))
  const following = cues.find((one) => one.source_id === sourceId && one.start_s > start + 0.5)
  const end = neat(Math.min(start + NEW_CUE_S, endS, following?.start_s ?? Infinity))
  return inOrder([...cues, { cue_id: nextId(cues), start_s: start, end_s: end, text: '', source_id: sourceId }])
}

/** One caption changed; a begin behind the end takes the end along. */
export function changedCue(cues: readonly CaptionCue[], id: number, part: Partial<Pick<CaptionCue, 'start_s' | 'end_s' | 'text' | 'source_id'>>): readonly CaptionCue[] {
  const changed = cues.map((one) => {
    if (one.cue_id !== id) return one
    const next = { ...one, ...part }
    if (next.end_s > next.start_s) return next
    const length = one.end_s - one.start_s
    return part.start_s === undefined ? one : { ...next, end_s: neat(next.start_s + length) }
  })
  return part.start_s === undefined && part.end_s === undefined ? changed : inOrder(changed)
}

/** The captions of a file in the place of all that are there. */
export function imported(cues: readonly CaptionCue[], file: readonly ShownCue[], sourceId: string, endS: number): readonly CaptionCue[] {
  const first = nextId(cues)
  return file.filter((one) => Math.min(one.end_s, endS) - one.start_s >= SHORTEST_S).map((one, n) => ({ cue_id: first + n, start_s: one.start_s, end_s: Math.min(one.end_s, endS), text: one.text, source_id: sourceId }))
}

/** Those that have the words typed; whatever the case. */
export function searched(cues: readonly CaptionCue[], words: string): readonly CaptionCue[] {
  const wanted = words.normalize('NFKC').trim().toLowerCase()
  return wanted === '' ? cues : cues.filter((one) => one.text.normalize('NFKC').toLowerCase().includes(wanted))
}

const same = (a: CaptionCue, b: CaptionCue): boolean => a.text === b.text && a.start_s === b.start_s && a.end_s === b.end_s && a.source_id === b.source_id

export interface CaptionChange {
  readonly put: readonly CaptionCue[]
  readonly drop: readonly number[]
}

export function changeOf(base: readonly CaptionCue[], mine: readonly CaptionCue[]): CaptionChange {
  const before = new Map(base.map((one) => [one.cue_id, one]))
  const left = new Set(mine.map((one) => one.cue_id))
  const put = mine.filter((one) => {
    const was = before.get(one.cue_id)
    return was === undefined || !same(was, one)
  })
  return { put, drop: base.filter((one) => !left.has(one.cue_id)).map((one) => one.cue_id) }
}

export function appliedTo(base: readonly CaptionCue[], { put, drop }: CaptionChange): readonly CaptionCue[] {
  const gone = new Set([...drop, ...put.map((one) => one.cue_id)])
  return inOrder([...base.filter((one) => !gone.has(one.cue_id)), ...put])
}

/** A change as the server takes it: so many at a time. */
export function* savesOf({ put, drop }: CaptionChange): Generator<Omit<CaptionSave, 'revision'>> {
  yield { put: put.slice(0, MAX_CUES_AT_ONCE), drop }
  for (let n = MAX_CUES_AT_ONCE; n < put.length; n += MAX_CUES_AT_ONCE) yield { put: put.slice(n, n + MAX_CUES_AT_ONCE), drop: [] }
}
