// @vitest-environment memory
import { afterEach, expect, it } from 'vitest'
import { MemoryPage } from '../../support/memory_page'

const { default: FindingList } = await import('../../../src/pages/resources/FindingList.vue')
let page: MemoryPage
afterEach(() => page.leave())

it('tells what an attachment is by its bytes, and where nobody can tell', () => {
  const finding = { code: 'attachment_kind', weight: 'warning', field: null, source_id: null, spans: [], allowed: null, picture_only: false }
  page = new MemoryPage(FindingList, { findings: [{ ...finding, name: '课件.docx', content: 'pdf' }, { ...finding, name: '说明.txt', content: '' }] })
  expect(page.words).toContain('附件“课件.docx”的内容其实是 PDF 文件')
  expect(page.words).toContain('附件“说明.txt”的内容与文件名不符，也认不出')
})
