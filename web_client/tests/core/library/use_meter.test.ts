import { describe, expect, it } from 'vitest'
import { UseMeter } from '../../../src/core/library/use_meter'

/** Ticks four times a second from one moment to another. */
function play(meter: UseMeter, fromMs: number, toMs: number, playing = true): unknown[] {
  const told = []
  for (let at = fromMs; at <= toMs; at += 250) told.push(meter.tick(at, playing))
  return told.filter((one) => one !== null)
}

describe('the meter of use', () => {
  it('tells once that the player began, then each minute', () => {
    expect(play(new UseMeter(), 0, 130_000)).toEqual([{ began: true }, { seconds: 60 }, { seconds: 60 }])
  })
  it('counts no pause and no sleep of the page', () => {
    const meter = new UseMeter()
    play(meter, 0, 10_000)
    expect(play(meter, 10_250, 200_000, false)).toEqual([])
    meter.tick(300_000, true)
    meter.tick(900_000, true)
    expect(meter.end()).toEqual({ seconds: 12 })
  })
  it('says nothing of a moment', () => {
    const meter = new UseMeter()
    play(meter, 0, 3000)
    expect(meter.end()).toBeNull()
  })
})
