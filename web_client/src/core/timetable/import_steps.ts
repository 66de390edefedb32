/** 导入课表 in steps: upload → names → review → apply. The server's state decides the step. */
import type {
  ImportAnswer,
  ImportCounts,
  ImportQuestionLine,
  ImportState,
  ImportTopic,
  ListKind,
} from '../base/wire'

export type ImportStep = 'upload' | 'names' | 'review' | 'done'
export const IMPORT_STEPS: readonly ImportStep[] = ['upload', 'names', 'review', 'done']

export function stepOf(state: ImportState, counts: ImportCounts): ImportStep {
  switch (state) {
    case 'reading':
    case 'failed':
      return 'upload'
    case 'open':
      return counts.questions > 0 ? 'names' : 'review'
    case 'ready':
    case 'applying':
      return 'review'
    case 'applied':
      return 'done'
  }
}

/** Whether a job is under way that the page follows. */
export const isBusy = (state: ImportState): boolean => state === 'reading' || state === 'applying'

/** Whether applying would change anything. */
export const changesAnything = ({ added, changed, removed }: ImportCounts): boolean => added + changed + removed > 0

// --- answers

/** The answer that a lesson goes without it: no room, no class, nobody listens. */
export const WITHOUT = '-'
const EVERY = '*'

/** In which list of the directory the meaning of a text is found; the others are chosen from what is suggested. */
export const LIST_OF: Readonly<Record<ImportTopic, ListKind | null>> = {
  column: null,
  period: null,
  school: 'school',
  room: 'room',
  class: 'class',
  subject: 'subject',
  teacher: 'teacher',
  teacher_of: 'teacher',
  room_of_class: 'room',
  receivers: 'room',
}

const OPTIONAL: readonly ImportTopic[] = ['room', 'class', 'room_of_class', 'receivers']
/** Whether lessons may go without it. */
export const mayGoWithout = (topic: ImportTopic): boolean => OPTIONAL.includes(topic)

/** Fields of the long table, for headers that were not recognised. */
export const COLUMN_FIELDS = [
  ...['school', 'room', 'class', 'grade', 'subject', 'title', 'teacher', 'staff_no', 'weekday', 'period', 'weeks'],
  ...['receive_school', 'receive_rooms', 'receive_class', 'class_kind', 'delivery_mode', 'textbook_volume', 'textbook_section'],
] as const

/** How widely an answer about listeners holds: for this class and subject, the class, the subject, or all. */
export type AnswerReach = 'pair' | 'class' | 'subject' | 'all'
export const REACHES: readonly AnswerReach[] = ['pair', 'class', 'subject', 'all']

export interface AnswerDraft {
  /** Null: not answered yet. None: the lessons are left out. */
  targets: readonly string[] | null
  reach: AnswerReach
}

export const questionKey = ({ topic, scope, text }: Pick<ImportQuestionLine, 'topic' | 'scope' | 'text'>): string =>
  [topic, scope, text].join('\n')

/** The draft with which a question begins: what only has to be confirmed, or nothing. */
export function draftOf({ proposal }: Pick<ImportQuestionLine, 'proposal'>): AnswerDraft {
  return { targets: proposal.length === 0 ? null : proposal.map((one) => one.id), reach: 'pair' }
}

/** The text under which an answer about a class and a subject is kept. */
export function reachedText(text: string, reach: AnswerReach): string {
  const cut = text.lastIndexOf(' ')
  const [name, subject] = cut === -1 ? [text, EVERY] : [text.slice(0, cut), text.slice(cut + 1)]
  switch (reach) {
    case 'pair':
      return text
    case 'class':
      return `${name} ${EVERY}`
    case 'subject':
      return `${EVERY} ${subject}`
    case 'all':
      return `${EVERY} ${EVERY}`
  }
}

/** The answers of all questions that have one. */
export function answersOf(questions: readonly ImportQuestionLine[], drafts: ReadonlyMap<string, AnswerDraft>): ImportAnswer[] {
  return questions.flatMap((question) => {
    const draft = drafts.get(questionKey(question))
    if (draft === undefined || draft.targets === null) return []
    const { topic, scope, text } = question
    const reached = topic === 'receivers' ? reachedText(text, draft.reach) : text
    return [{ topic, scope: scope === '' ? null : scope, text: reached, targets: draft.targets }]
  })
}
