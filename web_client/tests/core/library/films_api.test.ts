import { describe, expect, it } from 'vitest'
import type { FilmStatus } from '../../../src/core/base/wire'
import { FilmsApi, isComing } from '../../../src/core/library/films_api'

const film = (state: FilmStatus['state']): FilmStatus => ({
  ...{ version: 1, state, stale: false, minutes: 1, progress: 0, problem: null },
  ...{ duration_s: null, size: null, expires_at: null, url: null },
})

describe('FilmsApi', () => {
  it('names the version', async () => {
    const asked: string[] = []
    const api = new FilmsApi({
      call: (method: string, path: string) => {
        asked.push(`${method} ${path}`)
        return Promise.resolve(film('waiting') as never)
      },
    })
    await api.status('a/b', 2)
    await api.order('a', 2)
    await api.remove('a', 2)
    expect(asked).toEqual([
      'GET /api/resources/a%2Fb/versions/2/film',
      'POST /api/resources/a/versions/2/film',
      'DELETE /api/resources/a/versions/2/film',
    ])
  })

  it('knows what is still on its way', () => {
    expect((['none', 'waiting', 'making', 'ready', 'failed'] as const).filter((one) => isComing(film(one)))).toEqual(['waiting', 'making'])
  })
})
