/**
 * The lesson for which this tab may use camera and microphone: somebody entered it by a click. The click counts after
 * a reload, too. A page that was only opened touches no device.
 */
const NAME = 'tongke.devices'

let inMemory = '' // where a locked-down browser keeps nothing

function read(): string {
  try {
    return sessionStorage.getItem(NAME) ?? inMemory
  } catch {
    return inMemory
  }
}

/** To be called in the handler of a click that says so. */
export function mayUseDevices(lessonId: string): void {
  inMemory = lessonId
  try {
    sessionStorage.setItem(NAME, lessonId)
  } catch {
    // Good until the page is left.
  }
}

export function hasConsent(lessonId: string): boolean {
  return read() === lessonId
}
