import { expect, it } from 'vitest'
import { webcalOf } from '../../../src/core/timetable/feed_api'

it.each([
  ['https://tongke.example/calendar/s.ics', 'webcal://tongke.example/calendar/s.ics'],
  ['http://10.0.0.1:8080/https:/s.ics', 'webcal://10.0.0.1:8080/https:/s.ics'],
])('makes of %s an address that calendars open', (address, webcal) => {
  expect(webcalOf(address)).toBe(webcal)
})
