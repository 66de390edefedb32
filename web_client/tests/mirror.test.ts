import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))

it.each(['core', 'browser'])('finds each test of %s by the name of its module', (folder) => {
  const tests = readdirSync(`${here}${folder}`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.test.ts'),
  )
  expect(tests.length).toBeGreaterThan(0)
  // `x.test.ts` and `x.topic.test.ts` are tests of the module `x.ts`.
  const module = (name: string) => `${here}../src/${folder}/${name.replace(/(\.[^./]+)?\.test\.ts$/, '.ts')}`
  expect(tests.filter((name) => !existsSync(module(name)))).toEqual([])
})
