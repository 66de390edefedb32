/** Where one stopped watching, in this browser. */
import { remember, rememberedOf, resumeAt } from '../../core/library/resume'
import { memory } from '../base/memory'

const NAME = 'stopped'

export const stopped = {
  place: (id: string, lengthS: number): number => resumeAt(rememberedOf(memory.get(NAME)), id, lengthS),

  keep(id: string, atS: number, lengthS: number): void {
    const all = remember(rememberedOf(memory.get(NAME)), id, atS, lengthS)
    memory.set(NAME, all.length === 0 ? null : JSON.stringify(all))
  },
}
