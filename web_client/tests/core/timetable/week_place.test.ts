import { expect, it } from 'vitest'
import { addressOf, placeOf, weekAt } from '../../../src/core/timetable/week_place'

it('reads an address back to the place it was made of', () => {
  const place = { by: 'room', id: 'r1', term: 't1', week: 7 } as const
  expect(placeOf(addressOf(place))).toEqual(place)
})

it.each([{}, { by: 'everything', week: '99' }, { week: '-1', by: ['room'] }, { week: '0', id: 3 }])(
  'takes what an address gets wrong as left out: %j',
  (query) => {
    expect(placeOf(query)).toEqual({ by: 'teacher', id: '', term: '', week: null })
  },
)

it('turns the leaf within the term', () => {
  expect(weekAt(1, -1, 20)).toBeNull()
  expect(weekAt(1, 1, 20)).toBe(2)
  expect(weekAt(20, 1, 20)).toBeNull()
})
