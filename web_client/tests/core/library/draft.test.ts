import { describe, expect, it } from 'vitest'
import type { ResourceEdits, ResourceMetadata, ResourceVersion } from '../../../src/core/base/wire'
import { differing, EDITS, isSendable, keywordsOf, mergedDraft, METADATA, sameDraft, withBeside, type Draft } from '../../../src/core/library/draft'

const metadata: ResourceMetadata = {
  title: '小小的船',
  summary: '',
  keywords: [],
  subject: '语文',
  stage: 'primary',
  grade: '一年级',
  edition: '',
  volume: '',
  section: '',
  teacher_name: '王老师',
  school_name: '',
  language: 'zh-CN',
  kind_of_resource: 'lesson',
  audience: 'pupils',
  copyright_note: '',
  downloadable: false,
}
const edits: ResourceEdits = { keep: [], chapters: [], hidden_sources: [], hidden_pictures: [], cover_s: null }
const base: Draft = { metadata, edits }
const draft = (data: Partial<ResourceMetadata>, cut: Partial<ResourceEdits> = {}): Draft => ({
  metadata: { ...metadata, ...data },
  edits: { ...edits, ...cut },
})

describe('a draft', () => {
  it('differs by what it says, not by which object says it', () => {
    expect(sameDraft(base, draft({ keywords: [] }))).toBe(true)
    expect(differing(base, draft({ grade: '二年级', keywords: ['船'] }, { cover_s: 3 }))).toEqual(['grade', 'keywords', 'cover_s'])
  })

  it('names every part of the wire', () => {
    expect([...METADATA].sort()).toEqual(Object.keys(metadata).sort())
    expect([...EDITS].sort()).toEqual(Object.keys(edits).sort())
  })

  it('needs a title, and a title for each chapter', () => {
    expect(isSendable(base)).toBe(true)
    expect(isSendable(draft({ title: ' ' }))).toBe(false)
    expect(isSendable(draft({}, { chapters: [{ at_s: 3, title: '' }] }))).toBe(false)
  })
})

describe('a draft that somebody else changed, too', () => {
  it('keeps what was made here, and takes over what was left alone', () => {
    const mine = draft({ title: '船' }, { cover_s: 9 })
    const theirs = draft({ edition: '统编版' }, { keep: [{ start_s: 1, end_s: 5 }] })
    const { draft: merged, changes } = mergedDraft(base, mine, theirs)
    expect(merged).toEqual(draft({ title: '船', edition: '统编版' }, { cover_s: 9, keep: [{ start_s: 1, end_s: 5 }] }))
    expect(changes.map(({ name, both }) => [name, both])).toEqual([['edition', false], ['keep', false]])
  })

  it('shows both wishes where they differ, and none where both wished the same', () => {
    const { draft: merged, changes } = mergedDraft(base, draft({ title: '船', grade: '二年级' }), draft({ title: '月', grade: '二年级' }))
    expect(merged.metadata.title).toBe('船')
    expect(changes).toEqual([
      { name: 'title', was: '小小的船', is: '月', mine: '船', both: true },
      { name: 'grade', was: '一年级', is: '二年级', mine: '二年级', both: false },
    ])
  })
})

describe('keywords', () => {
  it('are divided as people like, each once, and not too many', () => {
    expect(keywordsOf(' 船，月亮、船;  star ,,')).toEqual(['船', '月亮', 'star'])
    expect(keywordsOf(Array.from({ length: 20 }, (_, n) => `k${n}`).join(',')).length).toBe(10)
    expect(keywordsOf('')).toEqual([])
  })
})

describe('the files beside a draft', () => {
  const file = { file_id: 'f', kind: 'plan', name: '教案.pdf', size: 3, url: '/f' } as const
  const shown = { revision: 4, metadata, edits, attachments: [] } as unknown as ResourceVersion
  const now = (revision: number): ResourceVersion => ({ ...shown, revision, metadata: { ...metadata, title: '别的题目' }, attachments: [file] })

  it('come with the revision that this page has made', () => {
    expect(withBeside(shown, now(5), true)).toEqual({ ...shown, revision: 5, attachments: [file] })
  })

  it('hide no change of another page: the next save is refused', () => {
    expect(withBeside(shown, now(6), true).revision).toBe(4)
    expect(withBeside(shown, now(5), false).revision).toBe(4)
    expect(withBeside(shown, now(5), false).metadata.title).toBe('小小的船')
  })
})
