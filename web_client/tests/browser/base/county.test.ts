import { effectScope } from 'vue'
import { expect, it } from 'vitest'
import { createCounty, useShownDay } from '../../../src/browser/base/county'
import { VirtualClock } from '../../support/virtual_clock'

const DAY_MS = 86_400_000
const BEFORE_MIDNIGHT = '2026-11-22T15:59:59Z' // in the county; the virtual computer says 08:00 of the 22nd

class Computer extends VirtualClock {
  wrongMs = 0
  override wall(): number {
    return super.wall() + this.wrongMs
  }
}

it.each([-DAY_MS, DAY_MS])('shows the county’s day on a computer that is %i ms off, and rolls over', async (wrongMs) => {
  const computer = new Computer()
  computer.wrongMs = wrongMs
  const county = createCounty(computer)
  county.heard({ server_time: BEFORE_MIDNIGHT, time_zone: 'Asia/Shanghai' })
  county.start(async () => {})
  const scope = effectScope()
  const [today, other] = scope.run(() => [useShownDay(county.today), useShownDay(county.today)]) ?? []
  expect(today?.value).toBe('2026-11-22')
  if (other) other.value = '2026-11-25'
  await computer.advance(1500)
  expect(county.today.value).toBe('2026-11-23')
  expect(today?.value).toBe('2026-11-23')
  expect(other?.value).toBe('2026-11-25')
  scope.stop()
})

it('takes the county’s zone from the server', () => {
  const county = createCounty(new VirtualClock())
  county.heard({ server_time: BEFORE_MIDNIGHT, time_zone: 'Asia/Urumqi' })
  expect(county.zone.value.hour(county.now.value)).toBe('21:59')
  county.heard({ server_time: BEFORE_MIDNIGHT })
  expect(county.zone.value.name).toBe('Asia/Urumqi')
})

it('asks the server again when the computer slept, and not without end', async () => {
  const computer = new Computer()
  const county = createCounty(computer)
  let asked = 0
  county.heard({ server_time: BEFORE_MIDNIGHT })
  county.start(async () => {
    asked += 1
    if (asked > 2) county.heard({ server_time: '2026-11-22T17:00:00Z' })
    else throw new Error('no network')
  })
  await computer.advance(5000)
  expect(asked).toBe(0)
  computer.wrongMs += 3_600_000
  await computer.advance(25_000)
  expect(asked).toBe(3)
  expect(county.today.value).toBe('2026-11-23')
  await computer.advance(60_000)
  expect(asked).toBe(3)
  county.wake()
  expect(asked).toBe(4)
})
