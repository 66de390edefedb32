import type { Component } from 'vue'
import type { Action } from '../../core/base/wire'

/** A page of the administration. */
export interface AdminPage {
  /** It begins with the section's path: `/directory/grants`. A part such as `:id` becomes a prop. */
  readonly path: string
  /** The key of its words in the side menu; null: the menu does not show it. */
  readonly title: string | null
  /** The page whose mark the menu keeps meanwhile, where the path does not say it. */
  readonly under?: string
  readonly component: () => Promise<Component>
  /** The permission without which it is hidden. */
  readonly needs?: Action
}
