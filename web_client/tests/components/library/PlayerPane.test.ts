// @vitest-environment memory
import { afterEach, expect, it } from 'vitest'
import PlayerPane from '../../../src/components/library/PlayerPane.vue'
import { MemoryPage } from '../../support/memory_page'

const PLAYS = { present: true, buffering: false, failed: false, gap: false }
let page: MemoryPage

function open(more: Partial<typeof PLAYS>): void {
  page = new MemoryPage(PlayerPane, { state: { ...PLAYS, ...more }, caption: '', testid: 'camera' })
}
afterEach(() => page.leave())

it('says that it waits for data, in words that are read aloud', () => {
  open({ buffering: true })
  expect(page.find('buffering')?.props.role).toBe('status')
  expect(page.words).toContain('缓冲中')
})

it('says nothing while it plays', () => {
  open({})
  expect(page.find('buffering')).toBeUndefined()
})
