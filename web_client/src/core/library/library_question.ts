/** What somebody looks for in the library, as the address of the page keeps it. */
import type { LibraryFacets } from '../base/wire'

export const FACETS = ['stage', 'subject', 'edition', 'grade', 'volume', 'school'] as const
export type Facet = (typeof FACETS)[number]
export const MOST_WORDS = 80 // characters of a query, as many as the server takes

/** Words, facets, and a chapter of the textbook tree; the empty string asks for everything. */
export type LibraryQuestion = Readonly<Record<Facet | 'q' | 'section', string>>

export const NO_QUESTION: LibraryQuestion = { q: '', stage: '', subject: '', edition: '', grade: '', volume: '', section: '', school: '' }

const VALUES: Readonly<Record<Facet, keyof LibraryFacets>> = {
  stage: 'stages',
  subject: 'subjects',
  edition: 'editions',
  grade: 'grades',
  volume: 'volumes',
  school: 'schools',
}

/** The values of a facet, the chosen one first where none of the found has it. */
export function choicesOf(facets: LibraryFacets, facet: Facet, chosen: string): LibraryFacets['grades'] {
  const values = facets[VALUES[facet]].filter((one) => one.value !== '')
  const lacks = chosen !== '' && !values.some((one) => one.value === chosen)
  return lacks ? [{ value: chosen, count: 0 }, ...values] : values
}

/** Reads the query of an address, whatever stands there. */
export function questionOf(query: Readonly<Record<string, unknown>>): LibraryQuestion {
  const text = (name: string): string => {
    const value = query[name]
    return typeof value === 'string' ? value.slice(0, 200) : ''
  }
  const read = Object.fromEntries(FACETS.map((facet) => [facet, text(facet)])) as Record<Facet, string>
  return { ...read, section: text('section'), q: text('q').slice(0, MOST_WORDS) }
}

/** The same for the address: without what is not asked for. */
export function addressOf(question: LibraryQuestion): Record<string, string> {
  return Object.fromEntries(Object.entries(question).filter(([, value]) => value !== ''))
}

/** How many facets are chosen. */
export const chosenCount = (question: LibraryQuestion): number => [...FACETS, 'section' as const].filter((facet) => question[facet] !== '').length
