/** Texts of 已发布, in Simplified Chinese. */
export const publishedZh = {
  published: {
    menu: '已发布',
    hint: '所管学校公开过的资源，最近发布的在最前。可以改公开范围，也可以下架。',
    views: { served: '正在公开', expired: '已到期', withdrawn: '已下架' },
    search: '标题、教师，可用拼音或首字母',
    anyScope: '全部范围',
    anySchool: '全部学校',
    empty: { served: '没有正在公开的资源', expired: '没有已到期的资源', withdrawn: '没有已下架的资源' },
    emptyHint: '审核通过并发布后会出现在这里。',
    noneFound: '没有符合条件的资源',
    noneFoundHint: '可以换个词，或放宽筛选条件。',
    clear: '清除条件',
    column: { title: '资源', school: '学校', scope: '公开范围', when: '发布', until: '公开期限', use: '播放 / 下载', reason: '下架原因', withdrawn: '下架时间', act: '操作' },
    forEver: '长期',
    manage: '管理',
    manageOf: '管理“{title}”',
    withdrawMany: '批量下架',
  },
}
