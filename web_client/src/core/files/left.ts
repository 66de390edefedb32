/** Time that is left, as people say it. */

export type Left =
  | { readonly key: 'leftSeconds'; readonly n: number }
  | { readonly key: 'leftMinutes'; readonly n: number }
  | { readonly key: 'leftHours'; readonly h: number; readonly m: number }

export function leftParts(seconds: number): Left {
  if (seconds < 90) return { key: 'leftSeconds', n: Math.max(10, Math.ceil(seconds / 10) * 10) }
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return { key: 'leftMinutes', n: minutes }
  return { key: 'leftHours', h: Math.floor(minutes / 60), m: minutes % 60 }
}
