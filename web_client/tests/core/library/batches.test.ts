import { expect, it } from 'vitest'
import { outcomesOf, stillChosen, toggled } from '../../../src/core/library/batches'

it('names each that was refused by its title', () => {
  const titles = new Map([['a', '浮力'], ['b', '杠杆']])
  const told = outcomesOf([{ id: 'a', problem: null }, { id: 'b', problem: 'resource_state' }, { id: 'c', problem: 'resource_not_found' }], titles)
  expect(told.done).toBe(1)
  expect(told.refused).toEqual([
    { id: 'b', title: '杠杆', problem: 'resource_state' },
    { id: 'c', title: 'c', problem: 'resource_not_found' },
  ])
})

it('leaves ticked what was refused, and what was more than is done at once', () => {
  expect(stillChosen(['a', 'b', 'c'], [{ id: 'a', problem: null }, { id: 'b', problem: 'resource_state' }])).toEqual(['b', 'c'])
})

it('ticks and unticks', () => {
  expect(toggled(['a'], 'b')).toEqual(['a', 'b'])
  expect(toggled(['a', 'b'], 'a')).toEqual(['b'])
})
