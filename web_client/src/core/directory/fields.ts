/** The fields of an entry's form: what they hold, what is wrong with it, and the body that it becomes. */
import { ApiError } from '../base/rest'

/** Text of one field, or the ids of several subjects. Nothing is the empty text. */
export type FieldValue = string | readonly string[]
export type EntryForm = Readonly<Record<string, FieldValue>>

export interface Field {
  /** As the bodies name it. */
  readonly name: string
  /** Its words are at `directory.field.<label>`; without it, by its name. */
  readonly label?: string
  /** Help below it, at `directory.help.<help>`. */
  readonly help?: string
  readonly kind: 'text' | 'number' | 'choice' | 'day' | 'entry' | 'subjects'
  readonly required?: boolean
  /** It is set at creation, and never after. */
  readonly fixed?: boolean
  /** Characters of a text, or the bound of a number. */
  readonly most?: number
  readonly least?: number
  readonly whole?: boolean
  /** A text of exactly so many digits. */
  readonly digits?: number
  /** Values that are proposed for a text, or the only ones of a choice. */
  readonly options?: readonly string[]
  /** Where the words of the options are. */
  readonly words?: string
  /** An entry of which noun, and which of them. */
  readonly of?: 'schools' | 'nodes'
  readonly where?: Readonly<Record<string, string>>
  /** Only nodes of these levels. */
  readonly levels?: readonly string[]
}

export type FieldFault = 'required' | 'digits' | 'number' | 'whole' | 'range'

/** The fields that a form shows: one that was set at creation is shown, but cannot be changed. */
export function isOpen(field: Field, creating: boolean): boolean {
  return creating || field.fixed !== true
}

/** What the form cannot be sent with, by field. */
export function faultsOf(fields: readonly Field[], form: EntryForm, creating: boolean): Record<string, FieldFault> {
  const found: Record<string, FieldFault> = {}
  for (const field of fields) {
    if (!isOpen(field, creating)) continue
    const fault = faultOf(field, form[field.name] ?? '')
    if (fault !== null) found[field.name] = fault
  }
  return found
}

function faultOf(field: Field, value: FieldValue): FieldFault | null {
  if (typeof value !== 'string') return field.required && value.length === 0 ? 'required' : null
  const text = value.trim()
  if (text === '') return field.required ? 'required' : null
  if (field.digits !== undefined) return new RegExp(`^\\d{${field.digits}}$`).test(halfWidth(text)) ? null : 'digits'
  if (field.kind !== 'number') return null
  const number = numberOf(text)
  if (number === null) return 'number'
  if (field.whole && !Number.isInteger(number)) return 'whole'
  return number < (field.least ?? -Infinity) || number > (field.most ?? Infinity) ? 'range' : null
}

/** The body of a form; `version` for a change. */
export function bodyOf(fields: readonly Field[], form: EntryForm, version: number | null): object {
  const body: Record<string, unknown> = version === null ? {} : { version }
  for (const field of fields) {
    if (isOpen(field, version === null)) body[field.name] = sent(field, form[field.name] ?? '')
  }
  return body
}

function sent(field: Field, value: FieldValue): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (field.kind === 'number') return numberOf(text)
  const plain = field.digits === undefined ? text : halfWidth(text)
  return plain === '' ? null : plain
}

function numberOf(text: string): number | null {
  const plain = halfWidth(text)
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null
}

/** Digits as a Chinese keyboard may give them, in the usual width. */
function halfWidth(text: string): string {
  return text.normalize('NFKC')
}

/** Whether two values of a field say the same. */
export function same(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  const plain = (value: FieldValue | undefined) =>
    typeof value === 'string' ? value.trim() : [...(value ?? [])].sort().join(' ')
  return plain(one) === plain(other)
}

/** The field of a form that the server blames; null: none of its fields. */
export function blamed(failure: unknown, fields: readonly Field[]): string | null {
  if (!(failure instanceof ApiError) || failure.field === null) return null
  const name = failure.field.replace(/\[\d+\]$/, '')
  return fields.some((one) => one.name === name) ? name : null
}
