import type { adminZh } from './admin.zh'

/** Texts of the administration's frame, in English. */
export const adminEn: typeof adminZh = {
  admin: {
    section: { timetable: 'Timetable', ledger: 'Ledger', directory: 'Directory', system: 'System' },
  },
}
