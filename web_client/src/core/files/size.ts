/** Sizes of files as people say them. */

const KB = 1024
const MB = 1024 * KB

/** A size in its unit: `{ unit: 'megabytes', n: '1.5' }`. Small files have one kilobyte at least. */
export function sizeParts(bytes: number): { readonly unit: 'megabytes' | 'kilobytes'; readonly n: string } {
  if (bytes < MB) return { unit: 'kilobytes', n: String(Math.max(1, Math.round(bytes / KB))) }
  return { unit: 'megabytes', n: String(Math.round((bytes / MB) * 10) / 10) }
}
