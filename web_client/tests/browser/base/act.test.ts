import { effectScope } from 'vue'
import { expect, it } from 'vitest'
import { useAct } from '../../../src/browser/base/act'

function opened() {
  const acting = effectScope().run(useAct)
  if (acting === undefined) throw new Error('the scope is over')
  return acting
}
/** A promise, and the way to keep or to break it. */
function pending<T>() {
  let keep: (value: T) => void = () => {}
  let fail: (fault: Error) => void = () => {}
  const promise = new Promise<T>((done, wrong) => {
    keep = done
    fail = wrong
  })
  return { promise, keep, fail }
}
const settled = () => new Promise((done) => setTimeout(done))

it.each([true, false])('is busy until what is shown was read anew, done: %s', async (works) => {
  const { busy, failure, act } = opened()
  const [work, reading] = [pending<number>(), pending<null>()]
  const heard: unknown[] = []
  const over = act(
    () => work.promise,
    (done) => {
      heard.push(done)
      return reading.promise
    },
  )
  const fault = new Error('changed meanwhile')
  if (works) work.keep(7)
  else work.fail(fault)
  await settled()
  expect(heard).toEqual([works ? { value: 7 } : null])
  expect(failure.value).toBe(works ? null : fault) // told at once
  expect(busy.value).toBe(true)
  expect(await act(() => Promise.resolve(8))).toBeNull() // what was shown is no more
  reading.keep(null)
  expect(await over).toEqual(works ? { value: 7 } : null)
  expect(busy.value).toBe(false)
})
