import type { orgZh } from './org.zh'

/** Words of the roles, in English. */
export const orgEn: typeof orgZh = {
  org: {
    role: {
      county_admin: 'County administrator',
      lead_teacher: 'Lead teacher',
      receive_room: 'Receive room',
      assistant: 'Assistant',
      resource_admin: 'Resource administrator',
      researcher: 'Researcher',
      inspector: 'Inspector',
    },
  },
}
