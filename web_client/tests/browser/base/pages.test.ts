import { expect, it } from 'vitest'
import { usePages } from '../../../src/browser/base/pages'

interface Row {
  readonly id: string
  readonly state: string
}
type Answer = { entries: readonly Row[]; next: string | null }

function opened() {
  const asked: ((answer: Answer) => void)[] = []
  const heard: Answer[] = []
  const list = usePages<Row>(
    () => new Promise<Answer>((done) => asked.push(done)),
    () => {},
    (page) => heard.push(page),
  )
  const answer = async (nth: number, ...states: string[]): Promise<void> => {
    asked[nth]?.({ entries: states.map((state, n) => ({ id: `r${n}`, state })), next: null })
    await new Promise((done) => setTimeout(done))
  }
  const states = () => list.entries.value?.map((one) => one.state)
  return { list, asked, heard, answer, states }
}

it('drops the answer to a question that is not the last one', async () => {
  const { list, heard, answer, states } = opened()
  void list.reload()
  void list.reload()
  await answer(1, 'later')
  await answer(0, 'earlier')
  expect(states()).toEqual(['later'])
  expect(heard).toHaveLength(1)
  expect(list.busy.value).toBe(false)
})

it('keeps a changed entry, though an answer from before is still under way', async () => {
  const { list, asked, answer, states } = opened()
  void list.reload()
  await answer(0, 'draft', 'draft')
  void list.reload()
  list.replace({ id: 'r1', state: 'published' }, (one) => one.id)
  expect(states()).toEqual(['draft', 'published'])
  expect(asked).toHaveLength(3) // it is asked once more
  await answer(1, 'draft', 'draft')
  expect(states()).toEqual(['draft', 'published'])
  await answer(2, 'draft', 'published')
  expect(states()).toEqual(['draft', 'published'])
})
