import { describe, expect, it } from 'vitest'
import { secondsOf, spanText, timeText } from '../../../src/core/library/time_text'

describe('a time of a recording', () => {
  it.each([
    [0, '0:00'],
    [5, '0:05'],
    [330, '5:30'],
    [59.97, '1:00'],
    [3930.5, '1:05:30.5'],
  ])('%s s reads %s', (seconds, text) => expect(timeText(seconds)).toBe(text))

  it('a span is told in whole seconds that hold it', () => expect(spanText({ start_s: 12.9, end_s: 330.1 })).toBe('0:12–5:31'))

  it.each([
    ['5:30', 330],
    ['０５：３０', 330],
    [' 1:05:30.5 ', 3930.5],
    ['90', 90],
    ['', null],
    ['5:75', null],
    ['-3', null],
    ['1:2:3:4', null],
    ['abc', null],
  ])('%s is taken as %s', (text, seconds) => expect(secondsOf(text)).toBe(seconds))
})
