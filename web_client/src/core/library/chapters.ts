/** 打点: named moments of a recording. */
import { MAX_CHAPTERS, type Chapter } from '../base/wire'
import type { Kept } from './kept'

export const TITLE_CHARS = 80
const SAME_S = 0.5 // two marks closer than this are one

export const inOrder = (chapters: readonly Chapter[]): Chapter[] => [...chapters].sort((a, b) => a.at_s - b.at_s)

/** With one more mark; where one stands already, nothing is added. */
export function withChapter(chapters: readonly Chapter[], atS: number, title: string): readonly Chapter[] {
  const taken = chapters.some((one) => Math.abs(one.at_s - atS) < SAME_S)
  if (taken || chapters.length >= MAX_CHAPTERS) return chapters
  return inOrder([...chapters, { at_s: Math.round(atS * 10) / 10, title }])
}

/** With the marks that are proposed for moments that are kept and have none yet. */
export function withProposed(chapters: readonly Chapter[], proposed: readonly Chapter[], kept: Kept): readonly Chapter[] {
  return proposed
    .filter((one) => kept.holds(one.at_s))
    .reduce<readonly Chapter[]>((all, one) => withChapter(all, one.at_s, one.title.slice(0, TITLE_CHARS)), chapters)
}

/** The marks that a viewer has, in viewer's time; those in a cut are left out. */
export function seenChapters(chapters: readonly Chapter[], kept: Kept): Chapter[] {
  return inOrder(chapters)
    .filter((one) => kept.holds(one.at_s))
    .map((one) => ({ ...one, at_s: kept.toKept(one.at_s) }))
}

/** The mark in whose part a moment lies, or -1 before the first. */
export function chapterAt(chapters: readonly Chapter[], atS: number): number {
  return chapters.reduce((found, one, n) => (one.at_s <= atS + 0.05 ? n : found), -1)
}
