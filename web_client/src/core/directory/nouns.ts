/** The seven nouns of 基础数据 as their pages show them: fields of the form, filters of the list. */
import { GRADES } from '../base/school_names'
import type { DirectoryNoun, PairingEntry, SchoolRef } from '../base/wire'
import type { Entries } from './directory_api'
import type { EntryForm, Field, FieldValue } from './fields'

export interface Filter {
  readonly name: string
  readonly kind: 'choice' | 'entry' | 'subjects'
  /** Its words are at `directory.filter.<name>`. */
  readonly options?: readonly string[]
  readonly words?: string
  readonly where?: Readonly<Record<string, string>>
}

/** The node for which a workbook can be made: a county; for some nouns a school, too. */
export type SheetPlace = 'node' | 'county' | 'school'

export interface NounView<N extends DirectoryNoun> {
  readonly noun: N
  readonly fields: readonly Field[]
  readonly filters: readonly Filter[]
  readonly sheets: SheetPlace
  key(entry: Entries[N]): string
  /** What people call it. */
  title(entry: Entries[N]): string
  /** Names of the entries that the form points at, by id. */
  names(entry: Entries[N]): Readonly<Record<string, string>>
  form(entry: Entries[N]): EntryForm
}

const KINDS = ['center_school', 'teaching_point', 'school'] as const
const LEVELS = ['province', 'city', 'county'] as const
const MAX_COUNT = 100_000 // signaling/directory/entries/wire.py
const NAME = { name: 'name', kind: 'text', required: true, most: 80 } as const
const COUNTY = { name: 'county_id', kind: 'entry', of: 'nodes', where: { level: 'county' }, required: true, fixed: true } as const
const SCHOOL = { name: 'school_id', kind: 'entry', of: 'schools', required: true } as const
const BY_SCHOOL: Filter = { name: 'school_id', kind: 'entry' }
const BY_SUBJECT: Filter = { name: 'subject_id', kind: 'subjects' }

const text = (value: string | number | null): string => (value === null ? '' : String(value))

/** Reads fields that an entry has under the same names. */
function plain(entry: object, ...names: readonly string[]): Record<string, FieldValue> {
  const values = entry as Readonly<Record<string, string | number | null>>
  return Object.fromEntries(names.map((name) => [name, text(values[name] ?? null)]))
}

export const nodesView: NounView<'nodes'> = {
  noun: 'nodes',
  fields: [
    { name: 'parent_id', kind: 'entry', of: 'nodes', levels: ['country', 'province', 'city'], required: true, fixed: true },
    { name: 'level', kind: 'choice', options: LEVELS, words: 'directory.level', required: true, fixed: true },
    { ...NAME, label: 'nodeName' },
    { name: 'code', kind: 'text', digits: 6, label: 'areaCode', help: 'areaCode' },
  ],
  filters: [],
  sheets: 'node',
  key: (one) => one.node_id,
  title: (one) => one.name,
  names: (one) => (one.parent_id === null ? {} : { [one.parent_id]: one.parent ?? '' }),
  form: (one) => plain(one, 'parent_id', 'level', 'name', 'code'),
}

export const schoolsView: NounView<'schools'> = {
  noun: 'schools',
  fields: [
    COUNTY,
    { ...NAME, label: 'schoolName' },
    { name: 'kind', kind: 'choice', options: KINDS, words: 'directory.schoolKind', required: true },
    { name: 'code', kind: 'text', digits: 10, label: 'schoolCode', help: 'schoolCode' },
    { name: 'uplink_mbps', kind: 'number', least: 0.001, most: 100_000, help: 'uplink' },
    { name: 'max_lessons', kind: 'number', whole: true, least: 1, most: 1000, help: 'maxLessons' },
  ],
  filters: [{ name: 'kind', kind: 'choice', options: KINDS, words: 'directory.schoolKind' }],
  sheets: 'county',
  key: (one) => one.school_id,
  title: (one) => one.name,
  names: (one) => ({ [one.county_id]: one.county }),
  form: (one) => plain(one, 'county_id', 'name', 'kind', 'code', 'uplink_mbps', 'max_lessons'),
}

export const roomsView: NounView<'rooms'> = {
  noun: 'rooms',
  fields: [
    { ...SCHOOL, fixed: true },
    { ...NAME, label: 'roomName' },
    { name: 'seats', kind: 'number', whole: true, least: 0, most: MAX_COUNT },
  ],
  filters: [BY_SCHOOL],
  sheets: 'school',
  key: (one) => one.room_id,
  title: (one) => `${one.school} ${one.name}`,
  names: (one) => ({ [one.school_id]: one.school }),
  form: (one) => plain(one, 'school_id', 'name', 'seats'),
}

export const classesView: NounView<'classes'> = {
  noun: 'classes',
  fields: [
    { ...SCHOOL, fixed: true },
    { ...NAME, label: 'className', help: 'className' },
    { name: 'grade', kind: 'text', required: true, most: 80, options: GRADES },
    { name: 'pupils', kind: 'number', whole: true, least: 0, most: MAX_COUNT },
  ],
  filters: [BY_SCHOOL, { name: 'grade', kind: 'choice', options: GRADES }],
  sheets: 'school',
  key: (one) => one.class_id,
  title: (one) => `${one.school} ${one.name}`,
  names: (one) => ({ [one.school_id]: one.school }),
  form: (one) => plain(one, 'school_id', 'name', 'grade', 'pupils'),
}

export const subjectsView: NounView<'subjects'> = {
  noun: 'subjects',
  fields: [
    COUNTY,
    { ...NAME, label: 'subjectName' },
    { name: 'position', kind: 'number', whole: true, least: 0, most: MAX_COUNT, required: true, help: 'position' },
  ],
  filters: [],
  sheets: 'county',
  key: (one) => one.subject_id,
  title: (one) => one.name,
  names: (one) => ({ [one.county_id]: one.county }),
  form: (one) => plain(one, 'county_id', 'name', 'position'),
}

const named = (schools: readonly SchoolRef[]) => Object.fromEntries(schools.map((one) => [one.school_id, one.name]))
const subjectNames = ({ subjects }: Pick<PairingEntry, 'subjects'>) =>
  Object.fromEntries(subjects.map((one) => [one.subject_id, one.name]))

export const pairingsView: NounView<'pairings'> = {
  noun: 'pairings',
  fields: [
    { name: 'center_school_id', kind: 'entry', of: 'schools', required: true, fixed: true, help: 'center' },
    { name: 'point_school_id', kind: 'entry', of: 'schools', required: true, fixed: true },
    { name: 'subject_ids', kind: 'subjects', required: true },
    { name: 'valid_from', kind: 'day', required: true },
    { name: 'valid_to', kind: 'day', help: 'validTo' },
    { name: 'max_points', kind: 'number', whole: true, least: 1, most: 64, help: 'maxPoints' },
    { name: 'textbook', kind: 'text', most: 80, help: 'textbook' },
  ],
  filters: [
    { name: 'center_school_id', kind: 'entry' },
    { name: 'point_school_id', kind: 'entry', where: { kind: 'teaching_point' } },
    BY_SUBJECT,
  ],
  sheets: 'county',
  key: (one) => one.pairing_id,
  title: (one) => `${one.center.name} — ${one.point.name}`,
  names: (one) => ({ ...named([one.center, one.point]), ...subjectNames(one) }),
  form: (one) => ({
    center_school_id: one.center.school_id,
    point_school_id: one.point.school_id,
    subject_ids: one.subjects.map((subject) => subject.subject_id),
    ...plain(one, 'valid_from', 'valid_to', 'max_points', 'textbook'),
  }),
}

export const teachersView: NounView<'teachers'> = {
  noun: 'teachers',
  fields: [
    { ...NAME, label: 'teacherName' },
    SCHOOL,
    { name: 'staff_no', kind: 'text', most: 40 },
    { name: 'login', kind: 'text', most: 64, fixed: true, help: 'login' },
    { name: 'subject_ids', kind: 'subjects', label: 'teaches' },
  ],
  filters: [BY_SCHOOL, BY_SUBJECT],
  sheets: 'school',
  key: (one) => one.person_id,
  title: (one) => one.name,
  names: (one) => ({ ...named(one.school === null ? [] : [one.school]), ...subjectNames(one) }),
  form: (one) => ({
    ...plain(one, 'name', 'staff_no', 'login'),
    school_id: one.school?.school_id ?? '',
    subject_ids: one.subjects.map((subject) => subject.subject_id),
  }),
}

/** An empty form, with what is known before anything is typed. */
export function emptyForm(fields: readonly Field[], known: EntryForm = {}): EntryForm {
  return Object.fromEntries(fields.map((field) => [field.name, known[field.name] ?? (field.kind === 'subjects' ? [] : '')]))
}

export type Usability = 'on' | 'off' | 'schoolOff'

/** Whether an entry can be used: a room or class of a disabled school cannot. */
export function usabilityOf(entry: Entries[DirectoryNoun]): Usability {
  if (!entry.active) return 'off'
  return 'school_active' in entry && !entry.school_active ? 'schoolOff' : 'on'
}
