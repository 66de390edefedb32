import { expect, it, vi } from 'vitest'
import { identity, whichTerminal } from '../../../src/browser/identity/identity'

function serverSays(resumeStatus: number): void {
  vi.stubGlobal('fetch', (url: string) => {
    const status = url === '/api/terminal/resume' ? resumeStatus : 401
    const body = status === 200 ? { room: { room_id: 'a' }, csrf_token: 'T' } : { code: 'x', status }
    return Promise.resolve(new Response(JSON.stringify(body), { status }))
  })
}

it('takes a remembered room back in', async () => {
  serverSays(200)
  expect((await whichTerminal())?.room?.room_id).toBe('a')
})

it.each([401, 404])('asks for a sign-in when the server knows the room no more (%i)', async (status) => {
  serverSays(status)
  expect(await whichTerminal()).toBeNull()
  expect(identity.value).toBeNull()
})

it.each([429, 500, 503])('is not signed out by a busy server (%i)', async (status) => {
  serverSays(status)
  await expect(whichTerminal()).rejects.toMatchObject({ status })
})
