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
    ['video.requestVideoFrameCallback(f)', false],
    ['video.requestVideoFrameCallback?.(f)', true],
    ['element.getAnimations()', false],
    ['a.addEventListener("x", f, { signal })', false],
    ['a.addEventListener("x", f, { once: true })', true],
    ['new Intl.Segmenter()', false],
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
    ['.a:not(.b,.c){color:red}', false],
    ['.a:not(.b):not(.c){color:red}', true],
    ['.a:focus-visible{color:red}', false],
    ['.a,.b:focus-visible{color:red}', false],
    ['.a:focus{color:red}', true],
    ['.a{height:100dvh}', false],
    ['.a{overflow:clip}', false],
    ['.a{background-clip:padding-box}', true],
    ['.a{justify-content:end}', false],
    ['.a{justify-content:flex-end}', true],
    ['.a{color:color-mix(in srgb,red,blue)}', false],
    ['.a{color:rgba(0,0,0,.5)}', true],
    ['@layer x{.a{color:red}}', false],
    ['@media (width<=900px){.a{color:red}}', false],
    ['@media (max-width:900px){.a{color:red}}', true],
  ])('%s', (css, good) => {
    expect(styleFaults(css, 'x').length === 0).toBe(good)
  })
})
