/** Texts of the administration's frame, in Simplified Chinese. */
export const adminZh = {
  admin: {
    section: { timetable: '课表', ledger: '开课台账', directory: '基础数据', system: '系统管理' },
  },
}
