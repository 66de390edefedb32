import { expect, it } from 'vitest'
import { RestClient } from '../../../src/core/base/rest'
import { FilesApi } from '../../../src/core/files/files_api'
import { FakeHttp, response } from '../../support/fakes'

it('asks for files in pages and for one, and knows where a browser downloads it', async () => {
  const fake = new FakeHttp()
  fake.answer = () => response(200, {})
  const api = new FilesApi(new RestClient(fake.http), '/tongke')
  await api.list()
  await api.list('1.a')
  await api.file('f 1')
  expect(fake.requests.map(({ url }) => url)).toEqual(['/api/files', '/api/files?before=1.a', '/api/files/f%201'])
  expect(api.contentUrl('f 1')).toBe('/tongke/api/files/f%201/content')
})
