import { describe, expect, it } from 'vitest'
import { slotKey, stepped, weekdayOf, weekGrid, type Direction } from '../../../src/core/timetable/week_grid'
import { DAYS, PERIODS, day, lessonAt } from '../../support/timetable'

const TODAY = '2026-09-15'
const page = (lessons: readonly ReturnType<typeof lessonAt>[], days = DAYS) => ({ days, periods: PERIODS, lessons })

describe('the table of a week', () => {
  it('knows the day of the week of a date', () => {
    expect(['2026-09-14', '2026-09-20', '1970-01-01', '2027-01-01'].map(weekdayOf)).toEqual([1, 7, 4, 5])
  })

  it('shows a day of the weekend only if it teaches', () => {
    const dates = weekGrid(page([]), TODAY).days.map((one) => one.date)
    expect(dates).toHaveLength(6)
    expect(dates).not.toContain('2026-09-19')
    expect(weekGrid(page([lessonAt('a', '2026-09-19', 1)]), TODAY).days).toHaveLength(7)
  })

  it('puts each lesson into the cell where it begins, and says where it goes on', () => {
    const double = lessonAt('b', '2026-09-15', 1, { period_count: 2 })
    const grid = weekGrid(page([lessonAt('a', '2026-09-14', 2), double]), TODAY)
    expect(grid.rows[1]?.cells[0]?.lessons.map((one) => one.lesson_id)).toEqual(['a'])
    expect(grid.rows[1]?.cells[1]?.lessons).toEqual([])
    expect(grid.rows[1]?.cells[1]?.running).toEqual([double])
    expect(grid.rows[2]?.cells[1]?.running).toEqual([])
  })

  it('loses no lesson: hours of its own, and periods that the bells of the page lack, stand below', () => {
    const lessons = [lessonAt('a', '2026-09-16', null), lessonAt('b', '2026-09-16', 9), lessonAt('c', '2026-09-17', 3)]
    const grid = weekGrid(page(lessons), TODAY)
    expect(grid.others.map((ones) => ones.length)).toEqual([0, 0, 2, 0, 0, 0])
    const placed = grid.rows.flatMap((row) => row.cells.flatMap((cell) => cell.lessons))
    expect(placed.length + grid.others.flat().length).toBe(lessons.length)
  })

  it('is open for lessons from today on, and not on days off', () => {
    const days = [day('2026-09-14'), day('2026-09-15'), day('2026-09-16', { kind: 'off', name: '放假' })]
    expect(weekGrid(page([], days), TODAY).days.map((one) => one.open)).toEqual([false, true, false])
  })
})

describe('steps of the arrow keys', () => {
  const grid = weekGrid(page([]), TODAY)
  const step = (from: string | null, direction: Direction) => {
    const [date = '', period] = from?.split('/') ?? []
    const to = stepped(grid, from === null ? null : { date, period: Number(period) }, direction)
    return to === null ? null : slotKey(to)
  }

  it.each([
    ['2026-09-15/1', 'right', '2026-09-16/1'],
    ['2026-09-15/1', 'left', '2026-09-15/1'], // Monday is over
    ['2026-09-15/1', 'down', '2026-09-15/2'],
    ['2026-09-15/3', 'down', '2026-09-15/3'],
    ['2026-09-18/2', 'right', '2026-09-20/2'], // Saturday does not teach, the make-up Sunday does
    ['2026-09-14/2', 'down', '2026-09-15/2'], // from a day that is over
    [null, 'right', '2026-09-15/1'],
  ] as const)('from %s to the %s lead to %s', (from, direction, to) => {
    expect(step(from, direction)).toBe(to)
  })

  it('lead nowhere in a week that is over', () => {
    const over = weekGrid(page([]), '2027-01-01')
    expect(stepped(over, null, 'right')).toBeNull()
  })
})
