/** Chooses a camera or microphone when the plugged-in devices have changed. */

/**
 * Decides whether to go back to the preferred device: it was pulled out and is here again.
 *
 * @param preferred the id of the device that was chosen, or used before it vanished; null: none.
 * @param current the id of the device in use.
 * @param present the ids of all devices of the kind.
 */
export function takesAgain(preferred: string | null, current: string | null, present: readonly string[]): boolean {
  return preferred !== null && current !== null && preferred !== current && present.includes(preferred)
}
