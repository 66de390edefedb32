/** Storage of this computer. A locked-down browser may have none: then nothing is remembered. */
const PREFIX = 'tongke.'

export const memory = {
  get(name: string): string | null {
    try {
      return localStorage.getItem(PREFIX + name)
    } catch {
      return null
    }
  },
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + name)
      else localStorage.setItem(PREFIX + name, value)
    } catch {
      // There is no storage.
    }
  },
}
