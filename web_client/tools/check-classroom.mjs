/**
 * Checks what Vite built for the classroom page against its floor, Chromium 80: syntax by parsing every
 * script it loads as ES2020, runtime functions and CSS by a list of what came later.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse } from 'acorn'
import { full } from 'acorn-walk'
import postcss from 'postcss'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')

/**
 * Methods by name, with the first Chromium that has them. Vue passes on calls of `toSorted`, `toReversed`
 * and `toSpliced` that a reactive array gets; ESLint sees to it that it gets none.
 */
const LATE_METHODS = {
  replaceAll: 85,
  findLast: 97,
  findLastIndex: 97,
  isWellFormed: 111,
  replaceChildren: 86,
  checkVisibility: 105,
}
/** `Object.member`, with the first Chromium that has it. */
const LATE_STATICS = {
  'Object.hasOwn': 93,
  'Object.groupBy': 117,
  'Array.fromAsync': 121,
  'Promise.any': 85,
  'Promise.withResolvers': 119,
  'AbortSignal.timeout': 103,
  'AbortSignal.any': 116,
  'crypto.randomUUID': 92,
  'Intl.DisplayNames': 81,
}
const LATE_GLOBALS = {
  structuredClone: 98,
  WeakRef: 84,
  FinalizationRegistry: 84,
  AggregateError: 85,
}
const FLOOR = 80

const LATE_CSS_PROPERTIES = ['aspect-ratio', 'inset', 'translate', 'rotate', 'scale', 'accent-color', 'text-wrap']
const LATE_CSS_PREFIXES = ['inset-', 'margin-inline', 'margin-block', 'padding-inline', 'padding-block']
const LATE_CSS_SELECTORS = /:(is|where|has)\(/
const LATE_CSS_VALUES = /\b(color-mix|lch|oklch|lab|oklab)\(|\d(dvh|svh|lvh|cqw|cqh)\b/
const LATE_AT_RULES = ['layer', 'container', 'property', 'scope']

export function scriptFaults(code, name) {
  let tree
  try {
    tree = parse(code, { ecmaVersion: 2020, sourceType: 'module', allowAwaitOutsideFunction: false })
  } catch (failure) {
    return [`${name}: not ES2020: ${failure.message}`]
  }
  const faults = []
  const late = (what, since) => {
    if (since > FLOOR) faults.push(`${name}: ${what} needs Chromium ${since}`)
  }
  full(tree, (node) => {
    if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const { callee } = node
      if (callee.type === 'Identifier' && Object.hasOwn(LATE_GLOBALS, callee.name)) {
        late(callee.name, LATE_GLOBALS[callee.name])
      }
      if (callee.type === 'MemberExpression' && !callee.computed) {
        const member = callee.property.name
        const owner = callee.object.type === 'Identifier' ? callee.object.name : ''
        if (Object.hasOwn(LATE_METHODS, member)) late(`.${member}()`, LATE_METHODS[member])
        const full = `${owner}.${member}`
        if (Object.hasOwn(LATE_STATICS, full)) late(full, LATE_STATICS[full])
        if (member === 'at' && node.arguments.length === 1) late('.at()', 92)
      }
    }
  })
  return faults
}

export function styleFaults(css, name) {
  const faults = []
  const fault = (node, what) => faults.push(`${name}: ${what} in ${node.selector ?? node.parent?.selector ?? ''}`)
  const root = postcss.parse(css)
  root.walkAtRules((rule) => {
    if (LATE_AT_RULES.includes(rule.name)) fault(rule, `@${rule.name}`)
  })
  root.walkRules((rule) => {
    if (LATE_CSS_SELECTORS.test(rule.selector)) fault(rule, 'a late selector')
    // A selector list with one unknown member is dropped whole.
    if (rule.selectors.length > 1 && /:focus-visible/.test(rule.selector)) {
      const others = rule.selectors.some((one) => !one.includes(':focus-visible'))
      if (others) fault(rule, ':focus-visible among other selectors')
    }
    if (rule.parent?.type === 'rule') fault(rule, 'nesting')
    const declared = new Map(rule.nodes.filter((one) => one.type === 'decl').map((one) => [one.prop, one.value]))
    const flex = /flex/.test(declared.get('display') ?? '')
    const grid = /grid/.test(declared.get('display') ?? '')
    const gap = ['gap', 'row-gap', 'column-gap'].some((prop) => declared.has(prop))
    if (gap && (flex || !grid)) fault(rule, 'gap outside a grid (flex gap is Chromium 84)')
  })
  root.walkDecls((declaration) => {
    const late =
      LATE_CSS_PROPERTIES.includes(declaration.prop) ||
      LATE_CSS_PREFIXES.some((prefix) => declaration.prop.startsWith(prefix))
    if (late) fault(declaration, declaration.prop)
    if (LATE_CSS_VALUES.test(declaration.value)) fault(declaration, declaration.value)
  })
  return faults
}

/** Every asset that classroom.html loads, with the scripts that those import. */
export function classroomAssets(dist) {
  const html = readFileSync(join(dist, 'classroom.html'), 'utf8')
  const found = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]))
  const assets = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`)
  for (const name of found) {
    if (!name.endsWith('.js')) continue
    const code = readFileSync(join(dist, name), 'utf8')
    for (const asset of assets) {
      if (code.includes(asset.slice('assets/'.length))) found.add(asset)
    }
  }
  return [...found].filter((name) => /\.(js|css)$/.test(name))
}

function main() {
  const assets = classroomAssets(DIST)
  const faults = assets.flatMap((name) => {
    const text = readFileSync(join(DIST, name), 'utf8')
    return name.endsWith('.js') ? scriptFaults(text, name) : styleFaults(text, name)
  })
  const foreign = assets.filter((name) => /element|CreateLesson|Library/i.test(name))
  faults.push(...foreign.map((name) => `${name}: does not belong on the classroom page`))
  if (assets.length === 0) faults.push('classroom.html loads nothing')
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  if (faults.length > 0) process.exit(1)
  process.stdout.write(`classroom page: ${assets.length} files run on Chromium ${FLOOR}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
