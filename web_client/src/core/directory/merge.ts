/** Two people change the same entry: what the other one changed, and a form that loses nothing. */
import { same, type EntryForm, type Field, type FieldValue } from './fields'

export interface Change {
  readonly field: Field
  /** As it was when the form was opened. */
  readonly was: FieldValue
  /** As somebody else has made it meanwhile. */
  readonly is: FieldValue
  /** What was typed here, where that is another wish; null: this field was left alone, or says the same. */
  readonly mine: FieldValue | null
}

export interface Merged {
  /** What was typed stays. What was left alone is as it is now, so that saving undoes nothing. */
  readonly form: EntryForm
  readonly changes: readonly Change[]
}

/**
 * @param base the entry as the form showed it first.
 * @param mine the form as it is now.
 * @param theirs the entry as it is now.
 */
export function merged(fields: readonly Field[], base: EntryForm, mine: EntryForm, theirs: EntryForm): Merged {
  const form: Record<string, FieldValue> = { ...mine }
  const changes: Change[] = []
  for (const field of fields) {
    const was = base[field.name] ?? ''
    const is = theirs[field.name] ?? ''
    const wish = mine[field.name] ?? ''
    const touched = !same(wish, was)
    if (!touched) form[field.name] = is
    if (!same(was, is)) changes.push({ field, was, is, mine: touched && !same(wish, is) ? wish : null })
  }
  return { form, changes }
}
