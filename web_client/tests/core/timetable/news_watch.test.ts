import { expect, it } from 'vitest'
import { NewsWatch } from '../../../src/core/timetable/news_watch'
import type { TimetableNews } from '../../../src/core/base/wire'
import { settle, VirtualClock } from '../../support/virtual_clock'

function bench() {
  const clock = new VirtualClock()
  const asked: string[] = []
  const told: (readonly string[])[] = []
  let answer: { give: (news: TimetableNews) => void; fail: (failure: Error) => void } | null = null
  const watch = new NewsWatch(
    clock,
    (since) => {
      asked.push(since)
      return new Promise((give, fail) => (answer = { give, fail }))
    },
    async (ids) => void told.push(ids),
  )
  return {
    clock,
    asked,
    told,
    watch,
    async news(since: string, changed: boolean, ids: string[] = []) {
      answer?.give({ since, changed, lesson_ids: ids })
      await settle()
    },
    async failure() {
      answer?.fail(new Error())
      await settle()
    },
  }
}

it('asks on from each answer, and tells only of changes', async () => {
  const { clock, asked, told, watch, news } = bench()
  watch.from('a.1')
  await news('a.1', false)
  await clock.advance(500)
  await news('a.2', true, ['a'])
  await clock.advance(500)
  expect(asked).toEqual(['a.1', 'a.1', 'a.2'])
  expect(told).toEqual([['a']])
  watch.stop()
})

it('forgets an answer about a state that the page has left behind', async () => {
  const { clock, asked, told, watch, news } = bench()
  watch.from('a.1')
  watch.from('a.7')
  await news('a.2', true, ['a'])
  await clock.advance(500)
  expect(told).toEqual([])
  expect(asked).toEqual(['a.1', 'a.7'])
  watch.stop()
})

it('asks ever more rarely while the server is away', async () => {
  const { clock, asked, watch, failure } = bench()
  watch.from('a.1')
  await failure()
  await clock.advance(3100)
  await failure()
  await clock.advance(3100)
  expect(asked).toHaveLength(2)
  await clock.advance(3100)
  expect(asked).toHaveLength(3)
  watch.stop()
})

it('keeps what it knows of other web processes, so that none makes it read everything twice', async () => {
  const { clock, asked, told, watch, news } = bench()
  watch.from('a.5')
  await news('a.5~b.3', true) // it came to another one, which knew nothing of it
  watch.from('a.6') // and read by the first one again
  await clock.advance(500)
  expect(asked).toEqual(['a.5', 'b.3~a.6'])
  await news('a.6~b.3', false)
  await clock.advance(500)
  expect(asked[2]).toBe('a.6~b.3')
  expect(told).toEqual([[]])
  watch.stop()
})
