import { beforeEach } from 'vitest'
import { LessonSession } from '../../src/core/classroom/lesson_session'
import { RestClient } from '../../src/core/base/rest'
import { CLASSROOM_SLOTS } from '../../src/core/media/viewer'
import type { FakePeer } from './fakes'
import { FakeHttp, FakePeers, FakeSockets, response, snapshot } from './fakes'
import { VirtualClock } from './virtual_clock'

export const CAMERA = { id: 'camera', kind: 'video' }
export const MICROPHONE = { id: 'microphone', kind: 'audio' }
export const endpoint = (url: string) => ({ url, token: 'T', expires_at: '2026-11-22T06:00:00Z' })

export let clock: VirtualClock
export let http: FakeHttp
export let peers: FakePeers
export let sockets: FakeSockets
export let lesson: LessonSession
export let stillWelcome: () => Promise<boolean>

/** Gives each test a lesson session on fakes and a virtual clock. */
export function useLesson(): void {
  beforeEach(() => {
    clock = new VirtualClock()
    http = new FakeHttp()
    peers = new FakePeers()
    sockets = new FakeSockets()
    http.answer = ({ method, url }) => {
      if (url.endsWith('/media-access')) {
        return response(200, {
          camera: endpoint('http://server/whip/lesson/room-a.camera'),
          courseware: null,
          watch: endpoint('http://server/whep/lesson'),
        })
      }
      return method === 'POST' ? response(201, 'v=0\r\n', { Location: `/sessions/${http.count('POST')}` }) : response(200)
    }
    stillWelcome = () => Promise.resolve(true)
    lesson = new LessonSession({
      stillWelcome: () => stillWelcome(),
      lessonId: 'lesson',
      controlUrl: 'ws://server/ws/lessons/lesson',
      slots: CLASSROOM_SLOTS,
      codec: 'H264',
      rest: new RestClient(http.http),
      http: http.http,
      clock,
      serverNow: () => clock.wall(),
      openSocket: sockets.open,
      openPeer: peers.open,
      random: () => 0,
    })
  })
}

export const publishers = () => peers.all.filter((peer) => peer.senders.length > 0)
export const viewers = () => peers.all.filter((peer) => peer.receivers.length > 0)
export const connect = (list: FakePeer[]) => list[list.length - 1]?.become('connected')

export async function live(): Promise<void> {
  void lesson.setCamera({ video: CAMERA, audio: MICROPHONE })
  lesson.start()
  sockets.last.say(snapshot())
  await clock.advance(0)
  connect(publishers())
  connect(viewers())
}

/** Says what the server answers whether the login still counts. */
export function welcomeIs(answer: typeof stillWelcome): void {
  stillWelcome = answer
}
