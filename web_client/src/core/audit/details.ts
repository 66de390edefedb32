/** The facts of an action in words. */
import type { AuditFact } from '../base/wire'

/** Words of a key; null where there are none, and the code itself is shown. */
export type Words = (key: string) => string | null

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/

export function detailText(facts: readonly AuditFact[], words: Words, when: (time: string) => string): string {
  const value = (name: string, code: string) => {
    if (TIME.test(code)) return when(code)
    if (!/^\w+$/.test(code)) return code
    // What somebody tried is mostly an action of the log itself.
    return words(`audit.value.${name}.${code}`) ?? (name === 'deed' ? words(`audit.action.${code}`) : null) ?? code
  }
  const fact = ({ name, value: now, former }: AuditFact) => {
    const said = former === null ? value(name, now) : `${value(name, former)} → ${value(name, now)}`
    return name === '' ? said : `${words(`audit.fact.${name}`) ?? name} ${said}`
  }
  return facts.map(fact).join('; ')
}
