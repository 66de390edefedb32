import { describe, expect, it } from 'vitest'
import type { PictureFacts, PictureState } from '../../../src/core/classroom/picture_state'
import { pictureFacts, pictureState } from '../../../src/core/classroom/picture_state'
import { reduce } from '../../../src/core/classroom/room_state'
import type { RoomState } from '../../../src/core/classroom/room_state'
import type { Participant, SlotNow } from '../../../src/core/base/wire'
import { participant, snapshot, source } from '../../support/fakes'

const SEEN: PictureFacts = {
  cut: false,
  sender: 'here',
  sends: 'picture',
  camera: 'ok',
  uplink: 'good',
  asked: true,
  picture: 'full',
  standing: false,
  decoder: 'ok',
}

describe('why a picture is not seen', () => {
  it.each<[string, Partial<PictureFacts>, PictureState]>([
    ['all is well', {}, 'shown'],
    ['smaller than it could be', { picture: 'less' }, 'shown'],
    ['the sender was never here', { sender: 'never', sends: 'nothing', picture: 'absent' }, 'not_yet'],
    ['the sender left', { sender: 'away', sends: 'nothing', picture: 'absent' }, 'left'],
    ['the sender left with a device report', { sender: 'away', sends: 'nothing', picture: 'absent', camera: 'missing' }, 'left'],
    ['the sender is gone, and its last frame stands', { sender: 'away', standing: true }, 'left'],
    ['the sender is gone before the server dropped its source', { sender: 'away', picture: 'coming' }, 'left'],
    ['a recorder host sends without a page', { sender: 'never' }, 'shown'],
    ['a recorder host, and a narrow link', { sender: 'away', picture: 'held' }, 'link_bad'],
    ['about to publish', { sends: 'nothing', picture: 'absent' }, 'coming'],
    ['published, not yet there', { picture: 'coming' }, 'coming'],
    ['camera switched off', { camera: 'off', standing: true }, 'camera_off'],
    ['camera switched off, and its last frames still come', { camera: 'off' }, 'camera_off'],
    ['camera switched off before it came', { camera: 'off', sends: 'sound', picture: 'absent' }, 'camera_off'],
    ['camera pulled out', { camera: 'missing', standing: true }, 'camera_gone'],
    ['camera forbidden', { camera: 'denied', sends: 'sound', picture: 'absent' }, 'camera_gone'],
    ['camera held by another program', { camera: 'busy', sends: 'nothing', picture: 'absent' }, 'camera_gone'],
    ['a page without devices, but a picture from elsewhere', { camera: 'insecure' }, 'shown'],
    ['sound only', { sends: 'sound', picture: 'absent' }, 'no_camera'],
    ['this link does not carry it', { picture: 'held' }, 'link_bad'],
    ['this link does not carry it, and the last frame stands', { picture: 'held', standing: true }, 'link_bad'],
    ['it comes at a higher rate than anybody is sent', { picture: 'heavy' }, 'heavy'],
    ['the sender has a bad uplink', { standing: true, uplink: 'poor' }, 'sender_link'],
    ['nothing came yet over a bad uplink', { picture: 'coming', uplink: 'poor' }, 'sender_link'],
    ['stands for no known reason', { standing: true }, 'standing'],
    ['too slow a computer', { decoder: 'slow' }, 'too_slow'],
    ['no decoder', { decoder: 'missing' }, 'codec'],
    ['no decoder, and nothing flows for that', { decoder: 'missing', picture: 'coming' }, 'codec'],
    ['the plan leaves it out', { asked: false, picture: 'coming' }, 'hidden'],
    ['this page is cut off', { cut: true }, 'cut'],
    ['this page is cut off, whatever else was', { cut: true, sender: 'away', camera: 'off' }, 'cut'],
  ])('%s', (_, facts, state) => {
    expect(pictureState({ ...SEEN, ...facts })).toBe(state)
  })
})

describe('the facts of a picture', () => {
  const OWN = { slot: 0, cut: false, standing: false, slow: false }
  const FLOWS: SlotNow = {
    slot: 0,
    kind: 'video',
    source_id: 'lead.camera',
    layer: 'h',
    ideal: 'h',
    thinned: false,
    codec_missing: false,
    hold: null,
  }

  function room(lead: Partial<Participant>, sources = [source('lead', 'camera')], slot = FLOWS): RoomState {
    const people = [{ ...participant('lead', 'lead_teacher'), ...lead }]
    const state = reduce(reduce(null, snapshot({ participants: people, sources })), { type: 'slots', slots: [slot] })
    if (state === null) throw new Error('no state')
    return state
  }
  const seen = (state: RoomState, own = {}) =>
    pictureState(pictureFacts(state, 'lead', 'camera', { ...OWN, ...own }))

  it('come from the room: here, gone, never here', () => {
    expect(seen(room({ online: true }))).toBe('shown')
    expect(seen(room({ online: false, attended: true }, []))).toBe('left')
    expect(seen(room({ online: false, attended: false }, []))).toBe('not_yet')
  })

  it('let courseware stand: its page does not move', () => {
    const state = room({ online: true }, [source('lead', 'courseware')])
    const facts = pictureFacts(state, 'lead', 'courseware', { ...OWN, standing: true })
    expect(pictureState(facts)).toBe('shown')
  })

  it('know a decoder that is missing, and one that is too slow', () => {
    const lacking = { ...FLOWS, layer: null, codec_missing: true }
    expect(seen(room({ online: true }, undefined, lacking))).toBe('codec')
    expect(seen(room({ online: true }), { slow: true })).toBe('too_slow')
  })

  it('know who is on no slot', () => {
    expect(seen(room({ online: true }), { slot: null })).toBe('hidden')
  })
})
