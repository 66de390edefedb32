/** Texts of the administration's frame, in Simplified Chinese. */
export const adminZh = {
  admin: {
    section: { resources: '资源管理', timetable: '课表', ledger: '开课台账', consent: '授权同意', directory: '基础数据', system: '系统管理' },
  },
}
