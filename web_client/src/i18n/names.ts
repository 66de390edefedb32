import type { RoomRef } from '../core/base/wire'
import { i18n } from '.'

/** Rooms with their schools, as a sentence lists them in the present language. */
export function roomNames(rooms: readonly RoomRef[]): string {
  return rooms.map((room) => `${room.school} ${room.name}`).join(i18n.global.t('app.listComma'))
}
