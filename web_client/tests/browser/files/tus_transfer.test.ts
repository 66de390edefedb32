import { beforeEach, describe, expect, it } from 'vitest'
import { TusTransfer } from '../../../src/browser/files/tus_transfer'
import type { ApiError } from '../../../src/core/base/rest'
import type { ChosenFile } from '../../../src/core/files/upload'
import { TusServer } from '../../support/tus_server'

const BYTES = 1_200_000 // three requests
const FILE = Object.assign(Buffer.alloc(BYTES), { name: '课表.xlsx', size: BYTES }) as unknown as ChosenFile & Blob

describe('a transfer by tus', () => {
  let server: TusServer
  let csrf: string

  beforeEach(() => {
    server = new TusServer()
    csrf = 'C1'
  })

  /** Uploads the file; gives its id, or the failure. */
  function run(): { outcome: Promise<string | ApiError>; cancel: () => Promise<void>; sent: number[] } {
    const transfer = new TusTransfer('http://county/api/files', () => ({ 'X-CSRF-Token': csrf }), {
      httpStack: server,
      retryDelays: [0, 0, 0],
    })
    const sent: number[] = []
    let end: (outcome: string | ApiError) => void = () => {}
    const outcome = new Promise<string | ApiError>((resolve) => (end = resolve))
    const running = transfer.start(FILE, 'import_workbook', {
      sent: (bytes) => sent.push(bytes),
      done: end,
      failed: end,
    })
    return { outcome, cancel: () => running.cancel(), sent }
  }

  it('brings a file to the server in parts, as the person who is signed in then', async () => {
    server.interfere = (_, number) => {
      if (number === 2) csrf = 'C2'
      return null
    }
    const { outcome, sent } = run()
    expect(await outcome).toBe('f1')
    expect(server.received).toBe(BYTES)
    expect(sent.at(-1)).toBe(BYTES)
    expect(server.requests.map((one) => one.method)).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH'])
    expect(server.requests.map((one) => one.headers['X-CSRF-Token'])).toEqual(['C1', 'C1', 'C2', 'C2'])
    const told = server.requests[0]?.headers['Upload-Metadata'] ?? ''
    expect(told.split(',').map((pair) => Buffer.from(pair.split(' ')[1] ?? '', 'base64').toString())).toEqual([
      '课表.xlsx',
      'import_workbook',
    ])
  })

  it('goes on after a cut from the byte that the server names', async () => {
    server.interfere = (_, number) => (number === 3 ? 'cut' : null)
    const { outcome } = run()
    expect(await outcome).toBe('f1')
    expect(server.received).toBe(BYTES)
    expect(server.requests.filter((one) => one.method === 'HEAD')).toHaveLength(1)
  })

  it.each([408, 423, 429, 500, 503])('tries again after %i', async (status) => {
    server.interfere = (_, number) => (number === 2 ? { status } : null)
    expect(await run().outcome).toBe('f1')
    expect(server.received).toBe(BYTES)
  })

  it('ends with the code of a refusal', async () => {
    const body = JSON.stringify({ code: 'file_kind_refused', status: 422, facts: { kind: 'html' } })
    server.interfere = (method) => (method === 'PATCH' ? { status: 422, body } : null)
    expect(await run().outcome).toMatchObject({ status: 422, code: 'file_kind_refused', facts: { kind: 'html' } })
    expect(server.requests).toHaveLength(2)
  })

  it('gives up when the network stays away', async () => {
    server.interfere = (method) => (method === 'POST' ? 'cut' : null)
    expect(await run().outcome).toMatchObject({ status: 0, code: 'network' })
    expect(server.requests).toHaveLength(4)
  })

  it('makes the server forget what came when it is cancelled', async () => {
    const { cancel } = run()
    await server.holds('PATCH')
    await cancel()
    expect(server.requests.map((one) => one.method)).toEqual(['POST', 'PATCH', 'DELETE'])
  })
})
