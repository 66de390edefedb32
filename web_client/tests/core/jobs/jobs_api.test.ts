import { expect, it } from 'vitest'
import { RestClient } from '../../../src/core/base/rest'
import { JobsApi } from '../../../src/core/jobs/jobs_api'
import { FakeHttp, response } from '../../support/fakes'

it('asks for jobs in pages, for one, and for its end', async () => {
  const fake = new FakeHttp()
  fake.answer = () => response(200, {})
  const api = new JobsApi(new RestClient(fake.http))
  await api.list('own')
  await api.list('branch', '1.a b')
  await api.job('j/1')
  await api.cancel('j/1')
  expect(fake.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /api/jobs?whose=own',
    'GET /api/jobs?whose=branch&before=1.a%20b',
    'GET /api/jobs/j%2F1',
    'POST /api/jobs/j%2F1/cancel',
  ])
})
