/** Texts of the frame around every page, in Simplified Chinese. */
export const baseZh = {
  app: {
    name: '同课',
    tagline: '把好老师的课堂，带到每一个教学点',
    language: 'English',
    loading: '正在加载…',
    typeForMore: '还有更多，请输入文字筛选',
    retry: '重试',
    cancel: '取消',
    confirm: '确定',
    close: '关闭',
    back: '返回',
    copy: '复制',
    copied: '已复制',
    notFound: '没有这个页面',
    home: '回到首页',
    notAllowed: '您没有权限查看这个页面',
    listComma: '、',
    leaveUnsaved: '改动还没有保存，确定离开吗？',
  },
  nav: { today: '今日课程', library: '资源库', network: '网络质量', login: '登录', logout: '退出登录' },
  /** Lengths of time. */
  length: {
    hours: '{hours}小时{minutes}分',
    wholeHours: '{hours}小时',
    minutes: '{minutes}分{seconds}秒',
    wholeMinutes: '{minutes}分钟',
    seconds: '{seconds}秒',
    left: '离计划下课还有 {n} 分钟。',
    over: '已超过计划下课时间 {n} 分钟。',
    due: '计划下课时间到了。',
  },
}
