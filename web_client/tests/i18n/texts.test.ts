import { describe, expect, it } from 'vitest'
import { en } from '../../src/i18n/en'
import { zh } from '../../src/i18n/zh-CN'

type Tree = { readonly [key: string]: Tree | string | readonly string[] }

function flat(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = `${path}${key}`
    if (typeof value === 'string') return [[here, value] as [string, string]]
    if (Array.isArray(value)) return value.map((one, n) => [`${here}.${n}`, one as string] as [string, string])
    return flat(value as Tree, `${here}.`)
  })
}
const chinese = flat(zh)
const english = flat(en)
const modules = import.meta.glob<Record<string, Tree>>('../../src/i18n/texts/*.ts', { eager: true })
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

describe('the texts', () => {
  it('exist in both languages, with the same places for values', () => {
    expect(english.map(([key]) => key)).toEqual(chinese.map(([key]) => key))
    english.forEach(([key, text], n) => {
      expect([key, places(text)]).toEqual([key, places(chinese[n]?.[1] ?? '')])
      expect(text.trim()).not.toBe('')
    })
  })

  it('are spread over modules of which none hides the words of another', () => {
    for (const language of ['zh', 'en']) {
      const names = Object.entries(modules)
        .filter(([path]) => path.endsWith(`.${language}.ts`))
        .flatMap(([, module]) => Object.values(module).flatMap((texts) => Object.keys(texts)))
      expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([])
      expect(names.length).toBeGreaterThan(30)
    }
  })

  it('use Chinese punctuation between Chinese words', () => {
    for (const [key, text] of chinese) {
      expect([key, /[\u4e00-\u9fff][,;:?!]/.test(text)]).toEqual([key, false])
    }
  })
})
