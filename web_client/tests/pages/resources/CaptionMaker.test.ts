// @vitest-environment memory
import { afterEach, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { MemoryPage } from '../../support/memory_page'

vi.mock('../../../src/browser/base/dialog', () => ({ useDialog: vi.fn() }))
const { default: CaptionMaker } = await import('../../../src/pages/resources/CaptionMaker.vue')

let page: MemoryPage
let ordered = 0

function open(cues: readonly unknown[]): void {
  ordered = 0
  const track = ref({ state: 'ready', installed: true, origin: 'by_hand', problem: null, cues })
  const captions = { track, making: ref(false), busy: ref(false), failure: ref(null) }
  page = new MemoryPage(CaptionMaker, { captions, mayOrder: true, mayStop: false, blocked: false, onOrder: () => (ordered += 1) })
}
afterEach(() => page.leave())

it('asks before captions that are there are replaced, whoever orders new ones', async () => {
  open([{}])
  await page.fire('captions-order', 'onClick')
  expect(ordered).toBe(0)
  await page.fire('confirm-no', 'onClick')
  expect(page.find('confirm-yes')).toBeUndefined()
  await page.fire('captions-order', 'onClick')
  await page.fire('confirm-yes', 'onClick')
  expect(ordered).toBe(1)
  expect(page.find('confirm-yes')).toBeUndefined()
})

it('does not ask where nothing is there', async () => {
  open([])
  await page.fire('captions-order', 'onClick')
  expect(ordered).toBe(1)
})
