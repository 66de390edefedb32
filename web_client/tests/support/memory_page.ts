/** Components on a page in memory: no browser, no library that imitates one. Import the component after this. */
import { vi } from 'vitest'
import { createRenderer, nextTick, type Component, type RendererOptions } from 'vue'
import { createI18n } from 'vue-i18n'
import { zh } from '../../src/i18n/zh-CN'

// The words ask for it. Vue must not have found it, for it has no elements.
vi.stubGlobal('document', { documentElement: { dataset: {} }, baseURI: 'http://county/' })

export class MemoryNode {
  parent: MemoryNode | null = null
  children: MemoryNode[] = []
  props: Record<string, unknown> = {}
  value = '' // of an input

  constructor(
    readonly tag: string,
    public text = '',
  ) {}

  /** All text below. */
  get words(): string {
    return this.text + this.children.map((child) => child.words).join('')
  }

  /** The elements below, and this one, for which `fits` holds. */
  all(fits: (node: MemoryNode) => boolean): MemoryNode[] {
    return [...(fits(this) ? [this] : []), ...this.children.flatMap((child) => child.all(fits))]
  }
}

const options: RendererOptions<MemoryNode, MemoryNode> = {
  createElement: (tag) => new MemoryNode(tag),
  createText: (text) => new MemoryNode('#text', text),
  createComment: () => new MemoryNode('#comment'),
  setText: (node, text) => (node.text = text),
  setElementText(node, text) {
    node.children = []
    node.text = text
  },
  patchProp(node, key, _before, value) {
    const others = Object.entries(node.props).filter(([name]) => name !== key)
    node.props = Object.fromEntries(value === null || value === undefined ? others : [...others, [key, value]])
  },
  insert(child, parent, anchor) {
    options.remove(child)
    child.parent = parent
    const at = anchor ? parent.children.indexOf(anchor) : parent.children.length
    parent.children.splice(at, 0, child)
  },
  remove(child) {
    const siblings = child.parent?.children
    siblings?.splice(siblings.indexOf(child), 1)
    child.parent = null
  },
  parentNode: (node) => node.parent,
  nextSibling: (node) => node.parent?.children[node.parent.children.indexOf(node) + 1] ?? null,
}

/** A component on a page, in Chinese. */
export class MemoryPage {
  readonly root = new MemoryNode('body')
  private readonly app

  constructor(component: Component, props: Record<string, unknown>) {
    this.app = createRenderer(options).createApp(component, props)
    this.app.use(createI18n({ legacy: false, locale: 'zh-CN', messages: { 'zh-CN': zh } }))
    this.app.mount(this.root)
  }

  get words(): string {
    return this.root.words.replace(/\s+/g, ' ').trim()
  }

  find(testId: string): MemoryNode | undefined {
    return this.root.all((node) => node.props['data-testid'] === testId)[0]
  }

  role(role: string): MemoryNode | undefined {
    return this.root.all((node) => node.props.role === role)[0]
  }

  /** Lets an element hear an event, and the page follow. */
  async fire(testId: string, event: string, facts: unknown = {}): Promise<void> {
    const handler = this.find(testId)?.props[event] as ((facts: unknown) => unknown) | undefined
    if (handler === undefined) throw new Error(`${testId} does not listen to ${event}`)
    await handler(facts)
    await this.settle()
  }

  /** Waits until promises and the page have settled. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve))
    await nextTick()
  }

  leave(): void {
    this.app.unmount()
  }
}
