/** 到课人数 of this room: asked for once after 进入课堂, and again when somebody presses on it. */
import { computed, onScopeDispose, ref, watch, type ShallowRef } from 'vue'
import { browserClock } from '../browser/base/clock'
import { memory } from '../browser/base/memory'
import { offered } from '../core/classroom/count_form'
import { headcountOf, setHeadcount } from '../core/classroom/parts/headcount'
import type { CommandBody } from '../core/classroom/parts/part'
import type { RoomState } from '../core/classroom/room_state'

const FOLD_MS = 180_000 // an unanswered question gives its place back to the picture; the head still has it
const LAST_COUNT = 'lastCount' // of the lesson before: offered where the class's size is not known

/** @param command says whether the server did it. */
export function useOwnCount(
  state: Readonly<ShallowRef<RoomState | null>>,
  command: (body: CommandBody) => Promise<boolean>,
) {
  const pupils = computed(() => (state.value && headcountOf(state.value, state.value.you)?.pupils) ?? null)
  const offer = computed(() => offered(pupils.value, state.value?.classSizes[state.value.you], memory.get(LAST_COUNT)))
  const asks = ref(false)
  const busy = ref(false)
  let asked = false
  let fold = () => {}
  function foldLater(): void {
    fold()
    fold = browserClock.after(FOLD_MS, () => (asks.value = false))
  }
  onScopeDispose(() => fold())
  watch(asks, (open) => (open ? foldLater() : fold()))

  watch(
    state,
    (now) => {
      if (now === null || asked) return
      asked = true
      asks.value = pupils.value === null
    },
    { immediate: true },
  )

  async function count(n: number): Promise<void> {
    busy.value = true
    const done = await command(setHeadcount(n))
    busy.value = false
    if (!done) return
    asks.value = false
    memory.set(LAST_COUNT, String(n))
  }

  return { pupils, offer, asks, busy, count, foldLater }
}
