/** Which camera or microphone to take when what is plugged in has changed. */

/**
 * Whether to go back to the preferred device, which was pulled out and is here again.
 *
 * @param preferred the id of the device that was chosen, or used before it vanished; null: none.
 * @param current the id of the device in use.
 * @param present the ids of all devices of the kind.
 */
export function takesAgain(preferred: string | null, current: string | null, present: readonly string[]): boolean {
  return preferred !== null && current !== null && preferred !== current && present.includes(preferred)
}
