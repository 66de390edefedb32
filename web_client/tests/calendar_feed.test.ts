import { readFileSync } from 'node:fs'
import ical, { type VEvent } from 'node-ical'
import { expect, it } from 'vitest'

// The server's tests keep the file current: tests/unit/signaling/timetable/feeds/sample_feed.py
const FEED = readFileSync(new URL('./calendar_feed.ics', import.meta.url), 'utf8')

const events = (): VEvent[] =>
  Object.values(ical.sync.parseICS(FEED)).filter((part): part is VEvent => part?.type === 'VEVENT')

it('reads each lesson of a feed once, at its time', () => {
  expect(events().map(({ uid }) => uid)).toEqual([0, 1, 2, 3].map((n) => `lesson${n}@tongke.example.cn`))
  const [first] = events()
  expect(first?.start.toISOString()).toBe('2026-09-07T00:20:00.000Z')
  expect(first?.end?.toISOString()).toBe('2026-09-07T01:00:00.000Z')
  expect(first?.rrule).toBeUndefined()
})

it('reads Chinese words, folded lines and what is escaped', () => {
  const [first, , stopped, long] = events()
  expect(first?.summary).toBe('科学 三年级 声音的产生')
  expect(stopped?.description).toContain('原因: 教师请假; 下周补课, 见通知')
  expect(long?.summary).toContain('一个很长的题目,'.repeat(12))
})

it('reads which lesson was changed and which one is cancelled', () => {
  expect(events().map(({ sequence }) => Number(sequence))).toEqual([0, 1, 2, 0])
  expect(events().map(({ status }) => status)).toEqual(['CONFIRMED', 'CONFIRMED', 'CANCELLED', 'CONFIRMED'])
})
