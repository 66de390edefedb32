/**
 * Names that lessons, classes and requirements have in common. They are data, the same in every
 * language of the pages: a lesson for "Grade 1" would never count for a class of 一年级.
 */

export const GRADES = ['一年级', '二年级', '三年级', '四年级', '五年级', '六年级', '七年级', '八年级', '九年级'] as const

/** Subjects of 义务教育课程方案 (2022) that are shared most; others may be typed. */
export const SUBJECTS = ['语文', '数学', '英语', '音乐', '美术', '科学', '道德与法治', '信息科技', '体育与健康'] as const
