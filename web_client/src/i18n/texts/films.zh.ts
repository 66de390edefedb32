/** Texts of 导出 MP4, in Simplified Chinese. */
export const filmsZh = {
  film: {
    title: '导出 MP4',
    what: '把这个版本合成一个 MP4 文件：有课件时课件为主、老师在一角，学生上讲台时与老师并排，只有一路画面时铺满。剪掉的、隐藏的内容不会出现。',
    minutes: '大约需要 {n} 分钟。',
    order: '开始导出',
    going: '正在导出…',
    again: '重新导出',
    waiting: '正在排队，大约需要 {n} 分钟。',
    making: '已完成 {percent}%，还需约 {n} 分钟。',
    leave: '可以关闭此窗口，稍后再来下载。',
    cancel: '取消导出',
    ready: '已导出，{size}。',
    until: '保留到 {at}，之后需重新导出。',
    save: '下载',
    remove: '删除文件',
    stale: '内容改过了，之前导出的 MP4 已不能下载，请重新导出。',
    failed: '没有导出成功：',
    unsaved: '有修改还没有保存，导出的是上次保存的内容。',
    most: '每人最多保留 {n} 个 MP4；再导出时，最早的一个会被删除。',
    close: '关闭',
  },
}
