/** The list of 补看 on the waiting page: the room's own recordings, and what it missed of them. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { county } from '../browser/base/county'
import { usePoll } from '../browser/base/poll'
import { identity, rest } from '../browser/identity/identity'
import { ApiError } from '../core/base/rest'
import type { RecordingSummary } from '../core/base/wire'
import { LedgerApi } from '../core/ledger/api'
import { listed, missedOf, type Missed } from '../core/library/rewatch'

const LIMIT = 24 // lessons of two weeks that are listed
const POLL_MS = 30_000
const BUSY_MS = 3_000 // something is being prepared
const RETRY_MS = 5_000

/** @param waiting whether the waiting page is shown: otherwise nothing is asked. */
export function useRewatch(waiting: Ref<boolean>) {
  const entries = shallowRef<readonly RecordingSummary[] | null>(null)
  const failed = ref(false)
  const missed = shallowRef<ReadonlyMap<string, Missed | null>>(new Map())
  const ledger = new LedgerApi(rest)
  let room = ''

  const poll = usePoll(async () => {
    if (!waiting.value) return null
    try {
      forget()
      const { recordings } = await rest.recordings({ limit: LIMIT })
      entries.value = listed(recordings, county.serverNow())
      failed.value = false
      await learn(entries.value)
    } catch {
      failed.value = true
      return RETRY_MS
    }
    return entries.value.some((one) => one.state === 'finishing') ? BUSY_MS : POLL_MS
  })

  /** Another room has signed in on this computer. */
  function forget(): void {
    const now = identity.value?.room?.room_id ?? ''
    if (now !== room) {
      entries.value = null
      missed.value = new Map()
    }
    room = now
  }

  /** Asks the ledger once for each lesson that can be played. Where it says nothing, nothing is told. */
  async function learn(shown: readonly RecordingSummary[]): Promise<void> {
    for (const one of shown) {
      if (one.state !== 'ready' || missed.value.has(one.recording_id)) continue
      const found = await read(one)
      missed.value = new Map(missed.value).set(one.recording_id, found)
    }
  }

  async function read(one: RecordingSummary): Promise<Missed | null> {
    try {
      return missedOf(await ledger.unit(one.lesson_id, room), one.started_at)
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.unreachable || failure.status === 401) throw failure
      return null // no unit of the ledger
    }
  }

  const stop = watch(waiting, (now) => void (now && poll.now()), { immediate: true })
  onScopeDispose(stop)
  return { entries, failed, missed }
}

export type Rewatch = ReturnType<typeof useRewatch>
