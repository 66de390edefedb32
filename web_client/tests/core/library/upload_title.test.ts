import { expect, test } from 'vitest'
import { titleOf } from '../../../src/core/library/upload_title'

test('a title is the name without its ending', () => {
  expect(titleOf('浮力_小实验.mp4')).toBe('浮力 小实验')
  expect(titleOf('第1课.最终版.mov')).toBe('第1课.最终版')
  expect(titleOf('.mp4')).toBe('.mp4')
  expect(titleOf(`${'长'.repeat(200)}.mp4`)).toHaveLength(120)
})
