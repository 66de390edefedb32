/** Texts of long work, in Simplified Chinese. */
export const jobsZh = {
  job: {
    state: {
      queued: '排队中',
      running: '处理中',
      done: '已完成',
      failed: '未完成',
      cancelled: '已取消',
    },
    progress: '处理进度',
    percent: '{percent}%',
    again: '第 {n} 次尝试',
    cancel: '取消',
    cancelling: '正在取消…',
  },
}
