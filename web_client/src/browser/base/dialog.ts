/**
 * Makes a box a dialog: focus stays inside, Escape closes it, and the former focus returns. `<dialog>` gives the
 * focus back only in browsers after Chromium 80.
 */
import { onBeforeUnmount, onMounted, type Ref } from 'vue'

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled])'

/** The open dialogs, the topmost last. Only the topmost hears the keyboard. */
const open: object[] = []

/**
 * @param box the dialog's element; needs `tabindex="-1"`, so that it can hold the focus itself.
 * @param close called on Escape.
 * @param first what to focus when it opens; without it, the box.
 */
export function useDialog(box: Ref<HTMLElement | null>, close: () => void, first?: Ref<HTMLElement | null>): void {
  const me = {}
  const before = document.activeElement

  function cycle(event: KeyboardEvent): void {
    const stops = [...(box.value?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter(
      (one) => one.getClientRects().length > 0,
    )
    const at = stops.indexOf(document.activeElement as HTMLElement)
    const last = stops.length - 1
    const leaves = event.shiftKey ? at <= 0 : at === -1 || at === last
    if (!leaves) return
    event.preventDefault()
    const to = event.shiftKey ? stops[last] : stops[0]
    ;(to ?? box.value)?.focus()
  }

  function onKey(event: KeyboardEvent): void {
    if (open[open.length - 1] !== me) return
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') cycle(event)
  }

  /** The focus stays in the box when a click misses every control, or when the page takes the focus. */
  function onFocus(event: FocusEvent): void {
    const outside = event.target instanceof Node && box.value?.contains(event.target) === false
    if (outside && open[open.length - 1] === me) box.value?.focus()
  }

  onMounted(() => {
    open.push(me)
    document.addEventListener('keydown', onKey, true)
    document.addEventListener('focusin', onFocus)
    ;(first?.value ?? box.value)?.focus()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('keydown', onKey, true)
    document.removeEventListener('focusin', onFocus)
    open.splice(open.indexOf(me), 1)
    if (before instanceof HTMLElement && before.isConnected) before.focus()
  })
}
