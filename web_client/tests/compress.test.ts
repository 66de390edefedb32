import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
// @ts-expect-error a build script without types
import { compressFolder } from '../tools/compress.mjs'

describe('compressing what was built', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'compress-'))
    mkdirSync(join(folder, 'assets'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('puts both forms beside each text that is worth it', () => {
    const text = 'export const a = 1\n'.repeat(200)
    writeFileSync(join(folder, 'assets', 'large.js'), text)
    writeFileSync(join(folder, 'assets', 'small.js'), 'export {}')
    writeFileSync(join(folder, 'assets', 'picture.webp'), 'x'.repeat(5000))
    const sizes = compressFolder(folder)
    expect(readdirSync(join(folder, 'assets')).sort()).toEqual([
      'large.js',
      'large.js.br',
      'large.js.gz',
      'picture.webp',
      'small.js',
    ])
    expect(gunzipSync(readFileSync(join(folder, 'assets', 'large.js.gz'))).toString()).toBe(text)
    expect(brotliDecompressSync(readFileSync(join(folder, 'assets', 'large.js.br'))).toString()).toBe(text)
    expect(sizes.brotli).toBeLessThan(sizes.plain / 10)
  })
})
