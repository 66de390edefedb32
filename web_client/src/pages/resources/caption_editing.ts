/** Captions that are edited on this page: what was read, what was made of it, and what the server makes meanwhile. */
import { computed, onMounted, ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useAct } from '../../browser/base/act'
import { usePoll } from '../../browser/base/poll'
import { captions as api } from '../../browser/library/api'
import { ApiError } from '../../core/base/rest'
import type { CaptionCue, CaptionTrack } from '../../core/base/wire'
import { appliedTo, changeOf, savesOf } from '../../core/library/captions'

const MAKING_MS = 3000
const MOST_BACK = 50 // steps of 撤销

/** @param id of the resource; a page that goes on to another one gives a getter. */
export function useCaptions(id: MaybeRefOrGetter<string>, version: Ref<number | null>) {
  const { t } = useI18n()
  const track = shallowRef<CaptionTrack | null>(null)
  const readFault = shallowRef<unknown>(null)
  const mine = shallowRef<readonly CaptionCue[]>([])
  const back = shallowRef<readonly (readonly CaptionCue[])[]>([])
  const merged = ref(false) // somebody else was faster; what was made here stays
  const tried = ref(false)
  const { busy, failure, told, tell, act } = useAct()

  const change = computed(() => changeOf(track.value?.cues ?? [], mine.value))
  const dirty = computed(() => change.value.put.length + change.value.drop.length > 0)
  const sendable = computed(() => mine.value.every((one) => one.text.trim() !== ''))
  const making = computed(() => track.value?.state === 'making' || track.value?.state === 'waiting')

  function take(now: CaptionTrack): void {
    track.value = now
    mine.value = now.cues
    back.value = []
    merged.value = false
    tried.value = false
  }
  /** Nothing of one resource is shown with the next. */
  function forget(): void {
    track.value = null
    mine.value = []
    back.value = []
    merged.value = false
    tried.value = false
  }
  async function read(): Promise<void> {
    const [of, number] = [toValue(id), version.value]
    const isAsked = (): boolean => of === toValue(id) && number === version.value
    readFault.value = null
    if (number === null) {
      forget()
      return
    }
    try {
      const now = await api.track(of, number)
      if (isAsked()) take(now)
    } catch (fault) {
      if (isAsked()) readFault.value = fault
    }
  }
  watch(version, read, { immediate: true })

  const poll = usePoll(async () => {
    const [of, number] = [toValue(id), version.value]
    if (making.value && number !== null && !busy.value) {
      const now = await api.track(of, number).catch(() => null)
      if (now !== null && making.value && !busy.value && of === toValue(id) && number === version.value) take(now)
    }
    return MAKING_MS
  })
  onMounted(() => void poll.now())

  /** @param step false while a text is typed: it is one step of 撤销. */
  function set(cues: readonly CaptionCue[], step = true): void {
    if (step || back.value.length === 0) back.value = [...back.value, mine.value].slice(-MOST_BACK)
    mine.value = cues
  }
  function undo(): void {
    const last = back.value[back.value.length - 1]
    if (last === undefined) return
    back.value = back.value.slice(0, -1)
    mine.value = last
  }

  /** Somebody was faster: what they changed is taken, and what was made here stays. */
  async function reread(): Promise<void> {
    const made = change.value
    await read()
    if (readFault.value !== null) return
    mine.value = appliedTo(mine.value, made)
    merged.value = true
  }
  async function carry(work: () => Promise<CaptionTrack>, words: string): Promise<boolean> {
    const before = mine.value
    const done = await act(work)
    if (done !== null) {
      const since = changeOf(before, mine.value) // was typed meanwhile
      take(done.value)
      mine.value = appliedTo(mine.value, since)
      tell(t(words))
      return true
    }
    if (failure.value instanceof ApiError && failure.value.code === 'changed_meanwhile') {
      await reread()
      failure.value = null
    }
    return false
  }
  async function save(): Promise<boolean> {
    const now = track.value
    tried.value = true
    if (now === null || !sendable.value) return false
    const parts = [...savesOf(change.value)]
    return carry(async () => {
      let { revision } = now
      let last = now
      for (const part of parts) {
        last = await api.save(toValue(id), { revision, ...part })
        revision = last.revision
      }
      return last
    }, 'caption.saved')
  }

  return {
    ...{ track, readFault, mine, back, merged, tried, dirty, sendable, making, busy, failure, told },
    ...{ read, set, undo, save },
    order: () => carry(() => api.order(toValue(id), track.value?.revision ?? 0), 'caption.ordered'),
    /** An empty change gives up what is being made. */
    stop: () => carry(() => api.save(toValue(id), { revision: track.value?.revision ?? 0 }), 'caption.stopped'),
  }
}

export type CaptionEditing = ReturnType<typeof useCaptions>
