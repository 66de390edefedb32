/** Texts of files and uploads, in Simplified Chinese. */
export const filesZh = {
  file: {
    choose: '选择文件',
    another: '换一个文件',
    drop: '或把文件拖到这里',
    most: '不超过 {size}',
    megabytes: '{n} MB',
    kilobytes: '{n} KB',
    sending: '正在上传 {name}',
    progress: '上传进度',
    percent: '{percent}%',
    save: '保存 {name}',
    cancel: '取消上传',
    ready: '已上传 {name}（{size}）',
    failed: '{name} 没有上传成功：{reason}',
    oneOnly: '一次只能选择一个文件。',
  },
}
