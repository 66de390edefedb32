import { describe, expect, it } from 'vitest'
import { answersOf, draftOf, questionKey, reachedText, stepOf } from '../../../src/core/timetable/import_steps'
import type { ImportCounts, ImportQuestionLine } from '../../../src/core/base/wire'

const counts = (more: Partial<ImportCounts> = {}) => ({ questions: 0, ...more }) as ImportCounts
const question = (text: string, more: Partial<ImportQuestionLine> = {}): ImportQuestionLine => ({
  topic: 'teacher',
  scope: '',
  text,
  sheet: '课表',
  cell: 'B3',
  lessons: 4,
  suggestions: [],
  proposal: [],
  ...more,
})

describe('导入课表', () => {
  it.each([
    ['reading', 0, 'upload'],
    ['failed', 0, 'upload'],
    ['open', 3, 'names'],
    ['open', 0, 'review'],
    ['ready', 0, 'review'],
    ['applying', 0, 'review'],
    ['applied', 0, 'done'],
  ] as const)('stands, as %s with %i questions, at %s', (state, questions, step) => {
    expect(stepOf(state, counts({ questions }))).toBe(step)
  })

  it('sends the questions that are answered, also those whose lessons are left out', () => {
    const asked = [question('王'), question('李', { scope: '山泉' }), question('赵')]
    const [first, second, third] = asked.map(questionKey)
    const drafts = new Map([
      [first ?? '', { targets: ['wang'], reach: 'pair' as const }],
      [second ?? '', { targets: [], reach: 'pair' as const }],
      [third ?? '', { targets: null, reach: 'pair' as const }],
    ])
    expect(answersOf(asked, drafts)).toEqual([
      { topic: 'teacher', scope: null, text: '王', targets: ['wang'] },
      { topic: 'teacher', scope: '山泉', text: '李', targets: [] },
    ])
  })

  it('begins with what only has to be confirmed', () => {
    expect(draftOf(question('王', { proposal: [{ id: 'wang', name: '王老师', hint: '' }] })).targets).toEqual(['wang'])
    expect(draftOf(question('王')).targets).toBeNull()
  })

  it('keeps an answer about listeners for as many lessons as somebody says', () => {
    const text = '三年级 1班 音乐'
    expect(reachedText(text, 'pair')).toBe(text)
    expect(reachedText(text, 'class')).toBe('三年级 1班 *')
    expect(reachedText(text, 'subject')).toBe('* 音乐')
    expect(reachedText(text, 'all')).toBe('* *')
  })
})
