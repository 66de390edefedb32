/** The volume of this page: one value for all sound, remembered on this computer. */
import { readonly, ref } from 'vue'
import { memory } from '../base/memory'

const NAME = 'volume'

function remembered(): number {
  const value = Number(memory.get(NAME) ?? '1')
  return value >= 0 && value <= 1 ? value : 1
}
const present = ref(remembered())

/** 0…1. */
export const volume = readonly(present)

export function setVolume(value: number): void {
  present.value = Math.min(1, Math.max(0, value))
  memory.set(NAME, String(present.value))
}
