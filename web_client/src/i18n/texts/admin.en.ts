import type { adminZh } from './admin.zh'

/** Texts of the administration's frame, in English. */
export const adminEn: typeof adminZh = {
  admin: {
    section: { resources: 'Resources', timetable: 'Timetable', ledger: 'Ledger', consent: 'Consent', directory: 'Directory', system: 'System' },
  },
}
