/** Times of a recording as people type and read them: 5:30, 1:05:30.5. */

/** `5:30`, with tenths where there are any. */
export function timeText(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10)
  const whole = Math.floor(tenths / 10)
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const text = hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
  return tenths % 10 > 0 ? `${text}.${tenths % 10}` : text
}

/** `5:30–5:42`: whole seconds that hold a span. */
export function spanText({ start_s, end_s }: { readonly start_s: number; readonly end_s: number }): string {
  return `${timeText(Math.floor(start_s))}–${timeText(Math.ceil(end_s))}`
}

/** Seconds of what was typed, or null; full-width digits and colons are taken, too. */
export function secondsOf(text: string): number | null {
  const plain = text.normalize('NFKC').trim()
  if (!/^(\d{1,2}:){0,2}\d{1,5}(\.\d{1,3})?$/.test(plain)) return null
  const parts = plain.split(':').map(Number)
  if (parts.slice(1).some((part) => part >= 60)) return null
  return parts.reduce((sum, part) => sum * 60 + part, 0)
}
