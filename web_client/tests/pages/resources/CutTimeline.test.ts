// @vitest-environment memory
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Kept } from '../../../src/core/library/kept'
import { MemoryNode, MemoryPage } from '../../support/memory_page'

vi.stubGlobal('ResizeObserver', class {
  observe = (): void => undefined
  disconnect = (): void => undefined
})
Object.assign(MemoryNode.prototype, {
  getBoundingClientRect: () => ({ left: 100, width: 720 }), // ten seconds a pixel of two hours
  setPointerCapture: () => undefined,
  focus: () => undefined,
})
const { default: CutTimeline } = await import('../../../src/pages/resources/CutTimeline.vue')

const TWO_HOURS = 7200
let page: MemoryPage
let edges: { keep: readonly unknown[]; atS: number; done: boolean }[]
let seeks: number[]

async function open(props: Record<string, unknown> = {}): Promise<void> {
  page = new MemoryPage(CutTimeline, {
    ...{ kept: new Kept([], TWO_HOURS), position: 0, chapters: [], gaps: [], begunAt: null, locked: false },
    ...{ pictures: [], waveform: null, film: 'ready', sound: 'ready' },
    onEdge: (kept: Kept, atS: number, done: boolean) => edges.push({ keep: kept.keep, atS, done }),
    onSeek: (atS: number) => seeks.push(atS),
    ...props,
  })
  await page.settle()
}
/** A finger upon the edge at the start, with the pixels that it is off the edge. */
async function finger(event: 'onPointerdown' | 'onPointermove' | 'onPointerup' | 'onPointercancel', clientX: number, pointerId = 7): Promise<void> {
  const currentTarget = page.find('edge-start')
  await page.fire('edge-start', event, { currentTarget, clientX, pointerId, button: 0, pointerType: 'touch', preventDefault: () => undefined })
}

beforeEach(() => {
  edges = []
  seeks = []
})
afterEach(() => page.leave())

it('moves an edge by what a finger moves, wherever on the edge it lies', async () => {
  await open()
  await finger('onPointerdown', 93)
  await finger('onPointermove', 183)
  await finger('onPointerup', 0) // some tell no place when the finger is gone
  expect(edges).toEqual([
    { keep: [{ start_s: 900, end_s: TWO_HOURS }], atS: 900, done: false },
    { keep: [{ start_s: 900, end_s: TWO_HOURS }], atS: 900, done: true },
  ])
})

it('moves nothing when an edge is only pressed', async () => {
  await open()
  await finger('onPointerdown', 93)
  await finger('onPointermove', 95)
  await finger('onPointerup', 95)
  expect(edges).toEqual([])
  expect(seeks).toEqual([0])
})

it('puts the edge back when the browser takes the finger away', async () => {
  await open()
  await finger('onPointerdown', 93)
  await finger('onPointermove', 183)
  await finger('onPointercancel', 0)
  expect(edges.at(-1)).toEqual({ keep: [], atS: 0, done: true })
  await finger('onPointermove', 300) // nobody holds it now
  expect(edges).toHaveLength(2)
})

it('heeds one finger at a time, and none where nothing may be changed', async () => {
  await open()
  await finger('onPointerdown', 93)
  await finger('onPointermove', 400, 8)
  await finger('onPointerup', 400, 8)
  expect(edges).toEqual([])
  page.leave()
  await open({ locked: true })
  expect(page.find('edge-start')).toBeUndefined()
})

it('says what of pictures and sound is missing, and asks for it again', async () => {
  let asked = 0
  await open({ film: 'loading', sound: 'failed', onAgain: () => (asked += 1) })
  expect(page.find('cut-troubles')?.words).toContain('正在读取画面…；声音波形没有取到')
  await page.fire('cut-again', 'onClick')
  expect(asked).toBe(1)
  page.leave()
  await open({ film: 'none', sound: 'none' })
  expect(page.find('cut-again')).toBeUndefined()
  page.leave()
  await open()
  expect(page.find('cut-troubles')).toBeUndefined()
})
