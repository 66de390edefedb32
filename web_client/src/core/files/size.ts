/** Sizes of files as people say them. */

const KB = 1024
const MB = 1024 * KB
const GB = 1024 * MB

export type SizeUnit = 'gigabytes' | 'megabytes' | 'kilobytes'

/** A size in its unit: `{ unit: 'megabytes', n: '1.5' }`. Small files have one kilobyte at least. */
export function sizeParts(bytes: number): { readonly unit: SizeUnit; readonly n: string } {
  if (bytes < MB) return { unit: 'kilobytes', n: String(Math.max(1, Math.round(bytes / KB))) }
  if (bytes >= GB) return { unit: 'gigabytes', n: String(Math.round((bytes / GB) * 10) / 10) }
  return { unit: 'megabytes', n: String(Math.round((bytes / MB) * 10) / 10) }
}
