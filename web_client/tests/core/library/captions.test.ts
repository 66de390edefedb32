/** Captions: files are read as text, bounded, whatever they hold; a change is what an editor made. */
import { expect, test } from 'vitest'
import { MAX_CUES, MAX_CUE_CHARS, type CaptionCue } from '../../../src/core/base/wire'
import { appliedTo, captionsOf, changedCue, changeOf, cuesAt, imported, isPublished, savesOf, searched, withCue } from '../../../src/core/library/captions'

const cue = (id: number, start: number, end: number, text = `字${id}`): CaptionCue => ({ cue_id: id, start_s: start, end_s: end, text, source_id: 'lead.camera' })

test('WebVTT as the server writes it comes back as it was typed', () => {
  const text = 'WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n&lt;b&gt;好&lt;/b&gt; &amp;amp; --&gt;\n第二行\n\n01:01:01.000 --> 01:01:02.000\n完\n'
  expect(captionsOf(text)).toEqual([
    { start_s: 1, end_s: 2.5, text: '<b>好</b> &amp; -->\n第二行' },
    { start_s: 3661, end_s: 3662, text: '完' },
  ])
})

test('files of other programs: marks, notes, styles and settings fall away', () => {
  const vtt = '\uFEFFWEBVTT - x\r\nKind: captions\r\n\r\nNOTE hello\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nintro\r\n00:05.5 --> 00:06.000 align:start line:0%\r\n<v 老师>同学们<i>好</i></v>\r\n'
  expect(captionsOf(vtt)).toEqual([{ start_s: 5.5, end_s: 6, text: '同学们好' }])
  const srt = '2\n00:00:03,000 --> 00:00:04,000\n{\\an8}<font color="#fff">后</font>\n\n1\n00:00:01,5 --> 00:00:02,000\n先 &lt;\n'
  expect(captionsOf(srt).map((one) => [one.start_s, one.text])).toEqual([[1.5, '先 &lt;'], [3, '后']])
})

test('what is no caption file gives none', () => {
  for (const text of ['', 'WEBVTT', 'hello', '<html><script>alert(1)</script>', '1\n\n00:00:01,000 -->', '00:00:05.000 --> 00:00:04.000\nx', '\0\u0001', '-->\n'.repeat(1000)]) expect(captionsOf(text)).toEqual([])
})

test('no file makes more or longer captions than the server takes, and none takes long', () => {
  const random = mulberry(7)
  const pieces = ['WEBVTT\n', '\n\n', '\n', '00:00:01.000 --> 00:00:02.000\n', '1:2:3,4 --> 99:59:59,999', '<', '>', '&lt;', '{\\', '}', '字', '\u202e', '\ud800', '\r', '9'.repeat(50), '-->', ':', '.']
  for (let n = 0; n < 400; n += 1) {
    const text = Array.from({ length: 60 }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    for (const one of captionsOf(text)) {
      expect(one.text.trim()).not.toBe('')
      expect([...one.text].length).toBeLessThanOrEqual(MAX_CUE_CHARS)
      expect(one.text).not.toMatch(/[\u202e\ud800\0\r]/)
      expect(one.end_s).toBeGreaterThan(one.start_s)
      expect(one.end_s - one.start_s).toBeLessThanOrEqual(120)
    }
  }
  const many = captionsOf('00:00:01,000 --> 00:00:02,000\nx\n\n'.repeat(MAX_CUES + 10))
  expect(many.length).toBe(MAX_CUES)
  expect(captionsOf(`00:00:01,000 --> 00:00:02,000\n${'<'.repeat(500_000)}`).length).toBe(1)
})

test('who speaks at once is shown at once', () => {
  const cues = [cue(1, 1, 3), cue(2, 2, 4)]
  expect(cuesAt(cues, 0.9)).toEqual([])
  expect(cuesAt(cues, 2.5).map((one) => one.cue_id)).toEqual([1, 2])
  expect(cuesAt(cues, 3).map((one) => one.cue_id)).toEqual([2])
})

test('what reaches into a cut or is of a hidden source is not published', () => {
  const edits = { keep: [{ start_s: 10, end_s: 20 }], hidden_sources: [] }
  expect([cue(1, 9.8, 12), cue(2, 9, 12), cue(3, 19, 21), cue(4, 30, 31)].map((one) => isPublished(one, edits))).toEqual([true, false, false, false])
  expect(isPublished(cue(1, 1, 2), { keep: [], hidden_sources: ['lead.camera'] })).toBe(false)
})

test('captions are added, moved, found and put back', () => {
  const one = withCue([cue(1, 5, 8)], 3, 'lead.camera', 100)
  expect(one).toEqual([{ cue_id: 2, start_s: 3, end_s: 5, text: '', source_id: 'lead.camera' }, cue(1, 5, 8)])
  expect(withCue([], 99.9, 'a', 100)[0]).toMatchObject({ start_s: 99.5, end_s: 100 })
  expect(changedCue(one, 2, { start_s: 20 }).map((it) => [it.cue_id, it.start_s, it.end_s])).toEqual([[1, 5, 8], [2, 20, 22]])
  expect(changedCue(one, 2, { end_s: 1 })).toEqual(one)
  expect(searched([cue(1, 1, 2, 'ＡＢ好'), cue(2, 3, 4)], ' ab ').map((it) => it.cue_id)).toEqual([1])
  expect(imported([cue(7, 1, 2)], captionsOf('00:00:01,000 --> 00:00:20,000\nx'), 's', 10)).toEqual([{ cue_id: 8, start_s: 1, end_s: 10, text: 'x', source_id: 's' }])
})

test('a change applied to what it was made of is what was made', () => {
  const base = [cue(1, 1, 2), cue(2, 3, 4), cue(3, 5, 6)]
  const mine = [cue(2, 3, 4, '改'), cue(3, 5, 6), cue(9, 7, 8)]
  const change = changeOf(base, mine)
  expect(change).toEqual({ put: [cue(2, 3, 4, '改'), cue(9, 7, 8)], drop: [1] })
  expect(appliedTo(base, change)).toEqual(mine)
  expect(appliedTo([cue(1, 1, 2), cue(4, 0, 1)], change).map((one) => one.cue_id)).toEqual([4, 2, 9])
  expect([...savesOf({ put: [], drop: [] })]).toEqual([{ put: [], drop: [] }])
  const many = Array.from({ length: 1200 }, (_, n) => cue(n + 1, n, n + 1))
  expect([...savesOf({ put: many, drop: [5000] })].map((one) => [one.put?.length, one.drop?.length])).toEqual([[500, 1], [500, 0], [200, 0]])
})

/** A small generator of numbers, the same each time. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

test('captions of a file that are too short for the server are left out, or none of it could be saved', () => {
  const vtt = 'WEBVTT\n\n00:01.000 --> 00:01.020\n闪\n\n00:02.000 --> 00:03.000\n好\n\n00:09.980 --> 00:12.000\n完\n'
  const file = captionsOf(vtt)
  expect(file.map((one) => one.text)).toEqual(['好', '完'])
  expect(imported([], file, 'lead.camera', 10).map((one) => one.text)).toEqual(['好'])
})
