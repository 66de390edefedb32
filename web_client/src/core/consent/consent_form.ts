/** The form of a consent: what it begins with, what is wrong with it, and the body that is sent. */
import type {
  Consent,
  ConsentFile,
  ConsentLine,
  ConsentPurpose,
  ConsentRecord,
  ConsentTerm,
  SeatingRemedy,
} from '../base/wire'

/** From narrow to wide; each holds those before it. */
export const LADDER = ['record', 'show_school', 'show_county', 'show_platform', 'show_public'] as const
export const PURPOSES: readonly ConsentPurpose[] = ['live', ...LADDER]
export const REMEDIES: readonly SeatingRemedy[] = ['off_camera', 'other_room']
export const STATES = ['none', 'given', 'unseated', 'expired', 'withdrawn'] as const
export const REASONS = ['guardian', 'pupil', 'school', 'mistake', 'other'] as const
export const MOST_PAGES = 20
const SHOWN_YEARS = 3 // after the term, where nothing else is said

export interface ConsentDraft {
  givenOn: string
  live: boolean
  widest: (typeof LADDER)[number] | ''
  pupils: number | null
  refusals: number | null
  remedy: SeatingRemedy | ''
  coversFrom: string
  coversTo: string
  until: string
  note: string
  pages: readonly ConsentFile[]
}

export type ConsentFault = 'required' | 'choosePurpose' | 'tooMany' | 'endBeforeStart' | 'future'
export type ConsentField = 'given_on' | 'purposes' | 'pupils' | 'refusals' | 'covers_from' | 'covers_to' | 'until'

/** The widest purpose beside live lessons; empty where nothing may be recorded. */
export function widestOf(purposes: readonly ConsentPurpose[]): ConsentDraft['widest'] {
  return [...LADDER].reverse().find((one) => purposes.includes(one)) ?? ''
}

export function newDraft(line: ConsentLine, term: ConsentTerm, today: string): ConsentDraft {
  return {
    givenOn: today,
    live: true,
    widest: 'record',
    pupils: line.pupils,
    refusals: 0,
    remedy: '',
    coversFrom: term.first,
    coversTo: term.last,
    until: yearsAfter(term.last, SHOWN_YEARS),
    note: '',
    pages: [],
  }
}

export function draftOf(consent: Consent): ConsentDraft {
  return {
    givenOn: consent.given_on,
    live: consent.purposes.includes('live'),
    widest: widestOf(consent.purposes),
    pupils: consent.pupils,
    refusals: consent.refusals,
    remedy: consent.remedy ?? '',
    coversFrom: consent.covers_from,
    coversTo: consent.covers_to,
    until: consent.until,
    note: consent.note,
    pages: consent.files,
  }
}

export function faultsOf(draft: ConsentDraft, today: string): Partial<Record<ConsentField, ConsentFault>> {
  const faults: Partial<Record<ConsentField, ConsentFault>> = {}
  if (draft.givenOn === '') faults.given_on = 'required'
  else if (draft.givenOn > today) faults.given_on = 'future'
  if (!draft.live && draft.widest === '') faults.purposes = 'choosePurpose'
  if (draft.pupils === null) faults.pupils = 'required'
  if (draft.refusals === null) faults.refusals = 'required'
  else if (draft.pupils !== null && draft.refusals > draft.pupils) faults.refusals = 'tooMany'
  if (draft.coversFrom === '') faults.covers_from = 'required'
  if (draft.coversTo === '') faults.covers_to = 'required'
  else if (draft.coversTo < draft.coversFrom) faults.covers_to = 'endBeforeStart'
  if (draft.until === '') faults.until = 'required'
  else if (draft.until < draft.coversFrom) faults.until = 'endBeforeStart'
  return faults
}

export function bodyOf(draft: ConsentDraft): Omit<ConsentRecord, 'class_id' | 'term_id'> {
  const ladder = draft.widest === '' ? [] : [draft.widest]
  const refusals = draft.refusals ?? 0
  return {
    given_on: draft.givenOn,
    purposes: draft.live ? ['live', ...ladder] : ladder,
    pupils: draft.pupils ?? 0,
    refusals,
    remedy: refusals === 0 || draft.remedy === '' ? null : draft.remedy,
    covers_from: draft.coversFrom,
    covers_to: draft.coversTo,
    until: draft.until,
    note: draft.note.trim() === '' ? null : draft.note.trim(),
    file_ids: draft.pages.map((one) => one.file_id),
  }
}

/** The same day some years later; 29 February becomes the 28th. */
export function yearsAfter(day: string, years: number): string {
  const moved = `${String(Number(day.slice(0, 4)) + years).padStart(4, '0')}${day.slice(4)}`
  return moved.endsWith('-02-29') && years % 4 !== 0 ? `${moved.slice(0, 8)}28` : moved
}
