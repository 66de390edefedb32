import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error -- a plain script, read by ESLint's configuration
import { LAYERS } from '../tools/layers.mjs'

const eslint = new ESLint({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  ruleFilter: ({ ruleId }) => ruleId === 'layers/allowed',
})

async function faults(file: string, code: string): Promise<string[]> {
  const text = file.endsWith('.vue') ? `<script setup lang="ts">\n${code}\n</script>\n` : code
  const [result] = await eslint.lintText(text, { filePath: `src/${file}` })
  return (result?.messages ?? []).map((message) => message.message)
}

describe('the layers of src', () => {
  beforeAll(() => faults('env.d.ts', ''), 60_000) // ESLint loads its configuration and parsers

  it.each([
    ['core/media/x.ts', "import '../base/clock'"],
    ['core/media/devices/x.ts', "import '../peer'"],
    ['pages/lessons/X.vue', "import { ElButton } from 'element-plus/es/components/button/index'"],
    ['classroom/X.vue', "import { useI18n } from 'vue-i18n'"],
    ['i18n/x.ts', "import { i18n } from '.'"],
    ['app/x.ts', "void import('../pages/lessons/DayPage.vue')"],
    ['env.d.ts', 'export type X = 1'],
  ])('lets %s say %s', async (file, code) => {
    expect(await faults(file, code)).toEqual([])
  })

  it.each([
    ['core/base/x.ts', "import '../classroom/control'", 'core/base may not import core/classroom'],
    ['core/lessons/x.ts', "import type { X } from '../links/link_words'", 'core/lessons may not import core/links'],
    ['core/classroom/x.ts', "import '../../browser/base/clock'", 'core/classroom may not import browser/base'],
    ['core/media/x.ts', "import { ref } from 'vue'", 'core/media may not import the package vue'],
    ['core/media/x.ts', "export type X = import('vue').Ref", 'core/media may not import the package vue'],
    ['core/media/x.ts', "export * from '../library/playback'", 'core/media may not import core/library'],
    ['classroom/X.vue', "import 'element-plus'", 'classroom may not import the package element-plus'],
    ['components/base/X.vue', "import 'vue-router'", 'components/base may not import the package vue-router'],
    ['pages/library/X.vue', "void import('../classroom/LiveClass.vue')", 'pages/library may not import pages/classroom'],
    ['pages/identity/x.ts', "import '../../app/router'", 'pages/identity may not import app'],
    [
      'core/chat/x.ts',
      'export const x = 1',
      'no layer covers src/core/chat/x.ts: give its folder a line in tools/layers.mjs',
    ],
    [
      'app/x.ts',
      "import '../pages/chat/x'",
      'no layer covers ../pages/chat/x: give its folder a line in tools/layers.mjs',
    ],
  ])('refuses that %s says %s', async (file, code, why) => {
    expect(await faults(file, code)).toEqual([why])
  })

  it('names in each line only folders of the lines above it, so that there is no circle', () => {
    const above = new Set<string>()
    for (const [layer, { folders }] of Object.entries<{ folders: string[] }>(LAYERS)) {
      expect(
        folders.filter((folder) => !above.has(folder)),
        layer,
      ).toEqual([])
      above.add(layer)
    }
  })
})
