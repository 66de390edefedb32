import { expect, it } from 'vitest'
import { DirectoryApi } from '../../../src/core/directory/directory_api'

it('asks only for what may be changed, and leaves out what filters nothing', async () => {
  const asked: string[] = []
  const api = new DirectoryApi({
    call: <T>(method: string, path: string, body?: object) => {
      asked.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`)
      return Promise.resolve({} as T)
    },
  })
  await api.list('rooms', { q: '', active: 'true', school_id: 's/1', limit: 50, after: null })
  await api.one('schools', 's/1')
  await api.change('rooms', 'r1', { version: 1 })
  await api.disable('rooms', 'r1', { version: 1, confirmed: true })
  await api.enable('rooms', 'r1', 2)
  expect(asked).toEqual([
    'GET /api/directory/rooms?manageable=true&active=true&school_id=s%2F1&limit=50',
    'GET /api/directory/schools/s%2F1',
    'PUT /api/directory/rooms/r1 {"version":1}',
    'POST /api/directory/rooms/r1/disable {"version":1,"confirmed":true}',
    'POST /api/directory/rooms/r1/enable {"version":2}',
  ])
})
