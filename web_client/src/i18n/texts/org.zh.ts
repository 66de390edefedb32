/** Words of the roles, in Simplified Chinese. */
export const orgZh = {
  org: {
    role: {
      county_admin: '县级管理员',
      lead_teacher: '主讲教师',
      receive_room: '听课教室',
      assistant: '助教',
      resource_admin: '资源管理员',
      researcher: '教研员',
      inspector: '督导',
    },
  },
}
