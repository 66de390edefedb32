import { expect, it } from 'vitest'
import { rungLastsMs, type Rung } from '../../../src/core/classroom/ladder'
import { SHOWN_AFTER_MS, Steady } from '../../../src/core/base/steady'
import { VirtualClock } from '../../support/virtual_clock'

it('shows what lasts and nothing that passes', async () => {
  const clock = new VirtualClock()
  const shown: string[] = []
  const steady = new Steady(clock, 'full', (value) => shown.push(value))
  steady.see('sound')
  await clock.advance(SHOWN_AFTER_MS - 100)
  steady.see('full')
  await clock.advance(2000)
  expect(shown).toEqual([])
  expect(steady.value).toBe('full')

  steady.see('stills')
  await clock.advance(SHOWN_AFTER_MS - 100)
  steady.see('sound') // another one: its own time counts
  await clock.advance(SHOWN_AFTER_MS - 100)
  expect(shown).toEqual([])
  steady.see('sound')
  await clock.advance(100)
  expect(shown).toEqual(['sound'])
  steady.see('full')
  steady.stop()
  expect(clock.waiting).toBe(0)
})

it('waits longer for what is less urgent', async () => {
  const clock = new VirtualClock()
  const shown: string[] = []
  new Steady<Rung>(clock, 'full', (value) => shown.push(value), rungLastsMs).see('reduced')
  await clock.advance(4000)
  expect(shown).toEqual([])
  await clock.advance(1000)
  expect(shown).toEqual(['reduced'])
})
