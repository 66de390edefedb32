import { describe, expect, it } from 'vitest'
// @ts-expect-error -- a plain script, run by `npm run build`
import { scriptFaults, styleFaults } from '../tools/check-classroom.mjs'

describe('the check of the classroom page', () => {
  it.each([
    ['a?.b ?? c', true],
    ['class A { #x = 1 }', false],
    ['a ??= b', false],
    ['await fetch("/")', false],
    ['[1].at(-1)', false],
    ['"a".replaceAll("b", "c")', false],
    ['structuredClone({})', false],
    ['crypto.randomUUID()', false],
    ['Promise.allSettled([])', true],
  ])('%s', (code, good) => {
    expect(scriptFaults(code, 'x').length === 0).toBe(good)
  })

  it.each([
    ['.a{display:grid;gap:4px}', true],
    ['.a{display:flex;gap:4px}', false],
    ['.a{gap:4px}', false],
    ['.a{aspect-ratio:16/9}', false],
    ['.a{inset:0}', false],
    ['.a:is(.b,.c){color:red}', false],
    ['.a:focus-visible{color:red}', true],
    ['.a,.b:focus-visible{color:red}', false],
    ['.a{height:100dvh}', false],
    ['@layer x{.a{color:red}}', false],
  ])('%s', (css, good) => {
    expect(styleFaults(css, 'x').length === 0).toBe(good)
  })
})
