import { expect, it } from 'vitest'
import type { Consent, ConsentLine, ConsentTerm } from '../../../src/core/base/wire'
import {
  bodyOf,
  draftOf,
  faultsOf,
  newDraft,
  widestOf,
  yearsAfter,
  type ConsentDraft,
} from '../../../src/core/consent/consent_form'

const TODAY = '2026-11-23'
const term: ConsentTerm = { term_id: 't', name: '2026秋', first: '2026-08-31', last: '2027-01-17' }
const line = { class_id: 'c', pupils: 42 } as ConsentLine
const draft = (more: Partial<ConsentDraft> = {}): ConsentDraft => ({ ...newDraft(line, term, TODAY), ...more })

it('begins with the whole term and the pupils of the class, and nothing wider than a recording', () => {
  expect(draft()).toMatchObject({ coversFrom: '2026-08-31', coversTo: '2027-01-17', until: '2030-01-17', pupils: 42, widest: 'record' })
  expect(faultsOf(draft(), TODAY)).toEqual({})
  expect(yearsAfter('2028-02-29', 3)).toBe('2031-02-28')
  expect(yearsAfter('2028-02-29', 4)).toBe('2032-02-29')
})

it('names each field that is wrong', () => {
  const wrong = draft({ givenOn: '2026-11-24', live: false, widest: '', pupils: 3, refusals: 4, coversTo: '2026-08-30', until: '2026-01-01' })
  expect(faultsOf(wrong, TODAY)).toEqual({
    given_on: 'future',
    purposes: 'choosePurpose',
    refusals: 'tooMany',
    covers_to: 'endBeforeStart',
    until: 'endBeforeStart',
  })
  const empty = draft({ givenOn: '', pupils: null, refusals: null, coversFrom: '', coversTo: '', until: '' })
  expect(Object.keys(faultsOf(empty, TODAY))).toEqual(['given_on', 'pupils', 'refusals', 'covers_from', 'covers_to', 'until'])
})

it('sends the widest purpose, and seats only where somebody refused', () => {
  expect(bodyOf(draft({ widest: 'show_county', remedy: 'off_camera', note: ' ' }))).toMatchObject({
    purposes: ['live', 'show_county'],
    remedy: null,
    note: null,
    file_ids: [],
  })
  expect(bodyOf(draft({ live: false, refusals: 2, remedy: 'other_room' }))).toMatchObject({ purposes: ['record'], remedy: 'other_room' })
})

it('shows a consent as it was recorded', () => {
  const consent = {
    given_on: TODAY,
    purposes: ['live', 'record', 'show_school'],
    pupils: 40,
    refusals: 1,
    remedy: 'off_camera',
    covers_from: term.first,
    covers_to: term.last,
    until: term.last,
    note: '两名',
    files: [{ file_id: 'f', name: '1.pdf', size: 3 }],
  } as unknown as Consent
  const shown = draftOf(consent)
  expect(shown.widest).toBe('show_school')
  expect(bodyOf(shown)).toMatchObject({ purposes: ['live', 'show_school'], refusals: 1, remedy: 'off_camera', file_ids: ['f'] })
  expect([widestOf(['live']), widestOf([])]).toEqual(['', ''])
})
