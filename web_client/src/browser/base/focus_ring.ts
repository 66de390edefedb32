/**
 * Shows the focus to people who use the keyboard, and to nobody else. `:focus-visible` came with Chromium 86. A ring
 * around a button that was just tapped says nothing.
 */
const ATTRIBUTE = 'data-keyboard'

export function watchFocusRing(): void {
  const page = document.documentElement
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Tab' || event.key.startsWith('Arrow')) page.setAttribute(ATTRIBUTE, '')
  }, true)
  document.addEventListener('pointerdown', () => page.removeAttribute(ATTRIBUTE), true)
}
