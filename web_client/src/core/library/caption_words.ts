/** 核对词语: the words of captions that reviewers are told of, as somebody types or pastes them. */
import { MAX_CAPTION_WORDS, MAX_WORD_CHARS } from '../base/wire'

const BETWEEN = /[\n,，、;；]/

export interface WordsTyped {
  /** Each once, in the order in which they were typed. */
  readonly words: readonly string[]
  /** How many are more than one place may have. */
  readonly over: number
  /** The first one that is too long; null: none is. */
  readonly long: string | null
}

export function wordsTyped(text: string): WordsTyped {
  const words = [...new Set(text.split(BETWEEN).map((one) => one.trim()))].filter((one) => one !== '')
  return { words, over: Math.max(0, words.length - MAX_CAPTION_WORDS), long: words.find((one) => [...one].length > MAX_WORD_CHARS) ?? null }
}
