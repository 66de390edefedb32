/** What a new password needs; the server judges by the same rules (`identity/rules.py`). */
export const LEAST_CHARS = 8
export const LEAST_CLASSES = 3
const LEAST_LOGIN = 3

export interface PasswordMarks {
  readonly long: boolean
  readonly mixed: boolean
  readonly unlike: boolean
}

export function passwordMarks(password: string, login: string): PasswordMarks {
  const classes = new Set([...password].map(classOf))
  const name = login.toLowerCase()
  return {
    long: [...password].length >= LEAST_CHARS,
    mixed: classes.size >= LEAST_CLASSES,
    unlike: password !== '' && (name.length < LEAST_LOGIN || !password.toLowerCase().includes(name)),
  }
}

export function isGood(marks: PasswordMarks): boolean {
  return marks.long && marks.mixed && marks.unlike
}

function classOf(character: string): string {
  if (/\p{Nd}/u.test(character)) return 'digit'
  if (/\p{Ll}/u.test(character)) return 'lower'
  return /\p{Lu}/u.test(character) ? 'upper' : 'other'
}
