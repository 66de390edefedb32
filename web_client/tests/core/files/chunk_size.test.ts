import { expect, it } from 'vitest'
import { ChunkSize, LEAST_CHUNK, MOST_CHUNK } from '../../../src/core/files/chunk_size'

it('grows on a fast line, and is bounded', () => {
  const size = new ChunkSize()
  expect(size.bytes).toBe(LEAST_CHUNK)
  size.took(LEAST_CHUNK, 300)
  expect(size.bytes).toBe(2 * LEAST_CHUNK)
  for (let i = 0; i < 20; i += 1) size.took(size.bytes, 300)
  expect(size.bytes).toBe(MOST_CHUNK)
})

it('stays where a request takes some seconds, and shrinks where it takes long', () => {
  const size = new ChunkSize()
  size.took(size.bytes, 300)
  size.took(size.bytes, 5000)
  expect(size.bytes).toBe(2 * LEAST_CHUNK)
  size.took(size.bytes, 9000)
  size.took(size.bytes, 9000)
  expect(size.bytes).toBe(LEAST_CHUNK)
})

it('does not grow by a rest that was short', () => {
  const size = new ChunkSize()
  size.took(10, 3)
  expect(size.bytes).toBe(LEAST_CHUNK)
})

it('keeps to what a proxy takes', () => {
  const size = new ChunkSize()
  size.took(size.bytes, 300)
  expect(size.tooLarge()).toBe(true)
  size.took(size.bytes, 300)
  expect(size.bytes).toBe(LEAST_CHUNK)
  expect(size.tooLarge()).toBe(false)
})
