import { describe, expect, it } from 'vitest'
import { CLEAN_MS, LOSSY_MS, LOSSY_SOUND_MS, RepairWait, SOUND_AHEAD_MS, SOUND_MS, VERY_LOSSY_MS, WAIT_MAX_MS } from '../../../src/core/media/repair_wait'

function after(seconds: number, wait: RepairWait, rttMs: number | null, loss: number, pictures = true) {
  let waits = wait.see({ rttMs, loss, pictures })
  for (let n = 1; n < seconds; n += 1) waits = wait.see({ rttMs, loss, pictures })
  return waits
}

describe('how long a receiver waits for repairs', () => {
  it('begins as if something might get lost, and falls slowly on a clean cable', () => {
    const wait = new RepairWait()
    expect(after(1, wait, 2, 0).videoMs).toBe(LOSSY_MS)
    expect(after(2, wait, 2, 0).videoMs).toBe(LOSSY_MS)
    const before = after(3, wait, 2, 0).videoMs
    expect(before).toBeLessThan(LOSSY_MS)
    expect(before - wait.see({ rttMs: 2, loss: 0, pictures: true }).videoMs).toBeLessThanOrEqual(10)
    expect(after(20, wait, 2, 0).videoMs).toBe(CLEAN_MS)
  })

  it('soon forgets the queue that the page met as it entered, where nothing gets lost', () => {
    const wait = new RepairWait()
    expect(wait.begin(700).videoMs).toBe(790)
    expect(after(10, wait, 60, 0).videoMs).toBeLessThan(420)
    expect(after(25, wait, 60, 0).videoMs).toBe(CLEAN_MS)
  })

  it('is long enough for a repair before the first picture is shown, wherever the round trip is known', () => {
    expect(new RepairWait().begin(600)).toEqual({ videoMs: 690, audioMs: 690 - SOUND_AHEAD_MS })
    expect(new RepairWait().begin(60).videoMs).toBe(LOSSY_MS)
    expect(new RepairWait().begin(null).videoMs).toBe(LOSSY_MS)
    expect(new RepairWait().begin(5000).videoMs).toBe(WAIT_MAX_MS)
    const clean = new RepairWait()
    clean.begin(600)
    expect(after(80, clean, 600, 0).videoMs).toBe(CLEAN_MS) // nothing is lost there
  })

  it('takes one repair round where packets get lost', () => {
    expect(after(3, new RepairWait(), 60, 0.01).videoMs).toBe(LOSSY_MS)
    expect(after(3, new RepairWait(), 200, 0.01).videoMs).toBe(290)
    expect(after(3, new RepairWait(), 600, 0.01).videoMs).toBe(690)
  })

  it('takes two where the repair is often lost as well, and never for ever', () => {
    expect(after(3, new RepairWait(), 60, 0.06).videoMs).toBe(210)
    expect(after(3, new RepairWait(), 2, 0.06).videoMs).toBe(VERY_LOSSY_MS)
    expect(after(3, new RepairWait(), 600, 0.06).videoMs).toBe(WAIT_MAX_MS)
  })

  it('rises within the second in which packets are lost', () => {
    const wait = new RepairWait()
    after(60, wait, 600, 0)
    expect(wait.see({ rttMs: 600, loss: 0.02, pictures: true }).videoMs).toBe(690)
  })

  it('does not fall after one quiet second', () => {
    const wait = new RepairWait()
    after(5, wait, 600, 0.02)
    expect(after(10, wait, 600, 0).videoMs).toBe(690)
    expect(after(10, wait, 600, 0).videoMs).toBeLessThan(690)
  })

  it('is not moved by one round trip that was long', () => {
    const wait = new RepairWait()
    after(5, wait, 100, 0.01)
    const peak = wait.see({ rttMs: 400, loss: 0.01, pictures: true }).videoMs
    expect(peak).toBe(490)
    expect(wait.see({ rttMs: 100, loss: 0.01, pictures: true }).videoMs).toBe(480)
    expect(after(60, wait, 100, 0.01).videoMs).toBeLessThanOrEqual(200)
  })

  it('does not wait for what a cut took', () => {
    const wait = new RepairWait()
    after(40, wait, 60, 0)
    expect(wait.see({ rttMs: 60, loss: 0.9, pictures: true }).videoMs).toBe(CLEAN_MS)
  })

  it('keeps sound and lips together, and sound alone as quick as its repair allows', () => {
    expect(after(40, new RepairWait(), 2, 0).audioMs).toBe(SOUND_MS)
    expect(after(3, new RepairWait(), 600, 0.01)).toEqual({ videoMs: 690, audioMs: 690 - SOUND_AHEAD_MS })
    expect(after(3, new RepairWait(), 600, 0.01, false).audioMs).toBe(LOSSY_SOUND_MS)
    expect(after(3, new RepairWait(), 2, 0, false).audioMs).toBe(SOUND_MS)
  })

  it('can do without knowing the round trip', () => {
    expect(after(3, new RepairWait(), null, 0.02).videoMs).toBe(LOSSY_MS)
  })
})
