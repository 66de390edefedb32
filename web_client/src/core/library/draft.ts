/** A draft of a resource: its form, what differs between two of them, and what others changed meanwhile. */
import { MAX_KEYWORDS, type ResourceEdits, type ResourceMetadata, type ResourceVersion } from '../base/wire'

export interface Draft {
  readonly metadata: ResourceMetadata
  readonly edits: ResourceEdits
}

export type MetadataName = keyof ResourceMetadata
export type EditName = keyof ResourceEdits
export type PartName = MetadataName | EditName
type Value = ResourceMetadata[MetadataName] | ResourceEdits[EditName]

/** In the order in which pages name them. */
export const METADATA: readonly MetadataName[] = [
  ...(['title', 'summary', 'stage', 'subject', 'grade', 'edition', 'volume', 'section'] as const),
  ...(['keywords', 'teacher_name', 'school_name', 'kind_of_resource', 'audience', 'language'] as const),
  ...(['copyright_note', 'downloadable'] as const),
]
export const EDITS: readonly EditName[] = ['keep', 'chapters', 'hidden_sources', 'hidden_pictures', 'cover_s']
const KEYWORD_CHARS = 40 // as many as the server takes

export interface Change {
  readonly name: PartName
  readonly was: Value
  readonly is: Value
  /** What was made here, where that is another wish; null: it was left alone, or is the same. */
  readonly mine: Value
  readonly both: boolean
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const isEdit = (name: PartName): name is EditName => (EDITS as readonly string[]).includes(name)

export function valueOf(draft: Draft, name: PartName): Value {
  return isEdit(name) ? draft.edits[name] : draft.metadata[name]
}

/** The parts in which two drafts differ. */
export function differing(a: Draft, b: Draft): PartName[] {
  return [...METADATA, ...EDITS].filter((name) => !same(valueOf(a, name), valueOf(b, name)))
}

export const sameDraft = (a: Draft, b: Draft): boolean => differing(a, b).length === 0

function withValue(draft: Draft, name: PartName, value: Value): Draft {
  if (isEdit(name)) return { ...draft, edits: { ...draft.edits, [name]: value } }
  return { ...draft, metadata: { ...draft.metadata, [name]: value } }
}

/**
 * What was made here stays; what was left alone is as it is now, so that saving undoes nothing.
 *
 * @param base the draft as this page read it.
 * @param mine the draft as it is on this page.
 * @param theirs the draft as the server has it now.
 */
export function mergedDraft(base: Draft, mine: Draft, theirs: Draft): { readonly draft: Draft; readonly changes: readonly Change[] } {
  const touched = differing(base, mine)
  const theirsToo = differing(base, theirs)
  const changes = theirsToo.map((name) => {
    const wish = valueOf(mine, name)
    const is = valueOf(theirs, name)
    const both = touched.includes(name) && !same(wish, is)
    return { name, was: valueOf(base, name), is, mine: wish, both }
  })
  const draft = touched.reduce((so, name) => withValue(so, name, valueOf(mine, name)), theirs)
  return { draft, changes }
}

/** Keywords of what was typed, divided as one likes; each once, as many as the server takes. */
export function keywordsOf(text: string): string[] {
  const words = text.split(/[,，、;；\n]/u).map((word) => word.trim().slice(0, KEYWORD_CHARS))
  return [...new Set(words.filter((word) => word !== ''))].slice(0, MAX_KEYWORDS)
}

/** Whether the page may send it: everything but the title may be empty. */
export const isSendable = (draft: Draft): boolean => draft.metadata.title.trim() !== '' && draft.edits.chapters.every((one) => one.title.trim() !== '')

/** The name of a part of metadata in a finding, which says `metadata.title`. */
export const fieldName = (field: string | null): string => (field ?? '').replace(/^metadata\./, '')

/**
 * The working version of a page with the files that stand beside it now; its form is left as it was read.
 *
 * @param own a change of this page, which counts one revision. If there are more, others changed the form meanwhile, and
 *   the next 保存 has to be refused.
 */
export function withBeside(shown: ResourceVersion, now: ResourceVersion, own: boolean): ResourceVersion {
  const counted = own && now.revision === shown.revision + 1
  return { ...shown, attachments: now.attachments, revision: counted ? now.revision : shown.revision }
}
