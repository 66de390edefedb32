/** The person or terminal that is signed in on this page, and the one REST client. */
import { shallowRef } from 'vue'
import { ApiError, RestClient, type SignedInAs } from '../../core/base/rest'
import type { Action, Identity } from '../../core/base/wire'
import { basePath } from '../base/base_path'
import { county } from '../base/county'
import { browserHttp } from '../base/http'

/** Classroom pages are the terminal's, all others a person's: the page's own HTML says so. */
export const signedInAs: SignedInAs =
  globalThis.document?.documentElement.dataset.signedInAs === 'terminal' ? 'terminal' : 'person'

export const rest = new RestClient(browserHttp, county.heard, basePath, signedInAs)

export const identity = shallowRef<Identity | null>(null)

/** Tells what the server permits outside of any lesson. */
export function may(action: Action): boolean {
  return identity.value?.may.includes(action) ?? false
}

/** Keeps the page's time right: after sleep, and when the page or the network came back. */
export function keepTime(): void {
  county.start(async () => identity.value && rest.me())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && identity.value !== null) county.wake()
  })
  window.addEventListener('online', () => {
    if (identity.value !== null) county.wake()
  })
}

/** Asks the server who we are; null when signed out. Rejects when the server cannot be reached. */
export async function whoAmI(patienceMs?: number): Promise<Identity | null> {
  try {
    identity.value = await rest.me(patienceMs)
  } catch (failure) {
    if (!isSignedOut(failure)) throw failure
    identity.value = null
  }
  return identity.value
}

/** Does the same as `whoAmI`, and signs a remembered terminal (记住本机) in again. */
export async function whichTerminal(patienceMs?: number): Promise<Identity | null> {
  const present = await whoAmI(patienceMs)
  if (present?.room) return present
  try {
    identity.value = await rest.terminalResume(patienceMs)
  } catch (failure) {
    if (!isRefused(failure)) throw failure // busy or unreachable: this room is still remembered
    identity.value = null
  }
  return identity.value
}

function isRefused(failure: unknown): boolean {
  if (!(failure instanceof ApiError) || failure.status === 429) return false
  return failure.status >= 400 && failure.status < 500
}

function isSignedOut(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 401
}
