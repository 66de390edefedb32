/** Keys of the player, on the whole page but where somebody types or answers a question. */
import { onBeforeUnmount, onMounted } from 'vue'

export function usePlayerKeys(keys: Readonly<Record<string, () => void>>): void {
  function onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement
    const typing = target.matches('select, textarea, input:not([type=range])') || target.closest('[role$=dialog], .el-drawer') !== null
    const pressing = (event.key === ' ' || event.key === 'Enter') && target.matches('button, a, summary')
    if (typing || pressing || event.ctrlKey || event.altKey || event.metaKey) return
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  onMounted(() => document.addEventListener('keydown', onKey))
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey))
}
