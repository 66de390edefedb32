import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { Steady } from '../../core/base/steady'
import { browserClock } from './clock'

/** The value of a getter as far as it lasts: see `Steady`. */
export function useSteady<T extends string | boolean>(
  source: () => T,
  lastsMs?: (value: T) => number,
): Ref<T> {
  const shown = ref(source()) as Ref<T>
  const steady = new Steady<T>(browserClock, shown.value, (value) => (shown.value = value), lastsMs)
  watch(source, (value) => steady.see(value))
  onScopeDispose(() => steady.stop())
  return shown
}
