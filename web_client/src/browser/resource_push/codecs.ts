/** Whether this browser plays codecs (RFC 6381) from fragments. */
export function playsCodecs(codecs: string): boolean {
  if (!('MediaSource' in globalThis)) return false
  return codecs === '' || MediaSource.isTypeSupported(`video/mp4; codecs="${codecs}"`)
}
