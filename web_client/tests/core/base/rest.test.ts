import { describe, expect, it } from 'vitest'
import { ApiError, RestClient } from '../../../src/core/base/rest'
import type { TerminalLogin } from '../../../src/core/base/wire'
import { FakeHttp, response } from '../../support/fakes'

const IDENTITY = { subject_id: 'wang', name: '王老师', roles: [], school: null, room: null, csrf_token: 'C' }

describe('the REST client', () => {
  it('sends the CSRF token with unsafe requests only, once it has one', async () => {
    const fake = new FakeHttp()
    const rest = new RestClient(fake.http)
    fake.answer = () => response(200, { ...IDENTITY, lessons: [], next: null })
    await rest.login({ login: 'wang', password: 'x' })
    await rest.startLesson('a/b')
    await rest.lessons('2026-11-22')
    expect(fake.requests.map((one) => one.headers['X-CSRF-Token'])).toEqual([undefined, 'C', undefined])
    expect(fake.requests[1]?.url).toBe('/api/lessons/a%2Fb/start')
    expect(fake.requests[2]?.url).toBe('/api/lessons?day=2026-11-22')
  })

  it('says whose login it means, and takes over no other one', async () => {
    const fake = new FakeHttp()
    fake.answer = () => response(200, IDENTITY)
    const person = new RestClient(fake.http)
    await person.me()
    fake.answer = () => response(200, { ...IDENTITY, csrf_token: 'T' })
    await person.terminalLogin({ device_token: 'x' } as TerminalLogin)
    expect(person.csrfToken).toBe('C')
    const terminal = new RestClient(fake.http, undefined, '', 'terminal')
    await terminal.terminalLogin({ device_token: 'x' } as TerminalLogin)
    expect(terminal.csrfToken).toBe('T')
    expect(fake.requests.map((one) => one.headers['X-Tongke-As'])).toEqual(['person', 'person', 'terminal'])
  })

  it('puts a long day together from its pages', async () => {
    const fake = new FakeHttp()
    const pages: Record<string, unknown> = {
      '/api/lessons?day=2026-11-22': { lessons: [1, 2], server_time: 'now', next: 'a b' },
      '/api/lessons?day=2026-11-22&after=a%20b': { lessons: [3], server_time: 'later', next: null },
    }
    fake.answer = ({ url }) => response(200, pages[url])
    expect(await new RestClient(fake.http).lessons('2026-11-22')).toEqual({
      lessons: [1, 2, 3],
      server_time: 'now',
      next: null,
    })
  })

  it('hands on what time and in which zone it is at the server', async () => {
    const fake = new FakeHttp()
    const heard: unknown[] = []
    const rest = new RestClient(fake.http, ({ server_time, time_zone }) => heard.push([server_time, time_zone]))
    fake.answer = () => response(200, { ...IDENTITY, server_time: 'now', time_zone: 'Asia/Urumqi', lessons: [], next: null })
    await rest.me()
    await rest.terminalResume()
    await rest.lessons('2026-11-22')
    expect(heard).toEqual(Array(3).fill(['now', 'Asia/Urumqi']))
  })

  it('names the code and field of a problem', async () => {
    const fake = new FakeHttp()
    fake.answer = () => response(422, { status: 422, code: 'invalid', detail: 'no time zone', field: 'starts_at' })
    const failure = await new RestClient(fake.http).me().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({ status: 422, code: 'invalid', field: 'starts_at', message: 'no time zone', unreachable: false })
  })

  it('tells how long to wait after too many tries, where the server says so', async () => {
    const fake = new FakeHttp()
    const failure = async (headers: Record<string, string>) => {
      fake.answer = () => response(429, { status: 429, code: 'too_many_requests' }, headers)
      return new RestClient(fake.http).me().catch((error: unknown) => error)
    }
    expect(await failure({ 'Retry-After': '42' })).toMatchObject({ status: 429, retryAfterS: 42 })
    expect(await failure({})).toMatchObject({ retryAfterS: null })
    expect(await failure({ 'Retry-After': 'soon' })).toMatchObject({ retryAfterS: null })
  })

  it('tells a proxy’s page and a dead network from a problem', async () => {
    const fake = new FakeHttp()
    const rest = new RestClient(fake.http)
    fake.answer = () => response(502, '<html>Bad Gateway</html>')
    await expect(rest.me()).rejects.toMatchObject({ code: 'http_502', unreachable: true })
    fake.answer = () => Promise.reject(new TypeError('Failed to fetch'))
    await expect(rest.me()).rejects.toMatchObject({ status: 0, code: 'network', unreachable: true })
  })

  it('leaves empty search terms out and takes empty answers', async () => {
    const fake = new FakeHttp()
    const rest = new RestClient(fake.http)
    fake.answer = () => response(204)
    await rest.logout()
    await rest.recordings({ limit: 20, q: '' })
    await rest.recordings({ limit: 20, q: '小船 & 月亮' })
    expect(fake.requests[1]?.url).toBe('/api/recordings?limit=20')
    expect(fake.requests[2]?.url).toBe(`/api/recordings?limit=20&q=${encodeURIComponent('小船 & 月亮')}`)
  })
})
