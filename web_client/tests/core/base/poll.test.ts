import { expect, it } from 'vitest'
import { Poll } from '../../../src/core/base/poll'
import { VirtualClock } from '../../support/virtual_clock'

/** Work whose turns end when the test says so. */
function setUp() {
  const clock = new VirtualClock()
  const turns: ((delayMs: number | null) => void)[] = []
  const poll = new Poll(clock, () => new Promise((resolve) => turns.push(resolve)))
  return { clock, turns, poll }
}

it('waits after each turn, and ends when the work says so', async () => {
  const { clock, turns, poll } = setUp()
  void poll.now()
  await clock.advance(5000)
  expect(turns).toHaveLength(1)
  turns[0]?.(1000)
  await clock.advance(999)
  expect(turns).toHaveLength(1)
  await clock.advance(1)
  expect(turns).toHaveLength(2)
  turns[1]?.(null)
  await clock.advance(60_000)
  expect(turns).toHaveLength(2)
})

it('does not go on when it was stopped during a turn', async () => {
  const { clock, turns, poll } = setUp()
  void poll.now()
  poll.stop()
  turns[0]?.(1000)
  await clock.advance(5000)
  void poll.now()
  expect(turns).toHaveLength(1)
  expect(clock.waiting).toBe(0)
})

it('is one poll, however often it is asked for at once', async () => {
  const { clock, turns, poll } = setUp()
  void poll.now()
  void poll.now()
  for (const end of turns) end(1000)
  await clock.advance(1000)
  expect(turns).toHaveLength(3)
})
