/**
 * Checks what Vite built for the classroom page against its floor, Chromium 80. Every script that the page loads must
 * parse as ES2020. Functions and CSS that came later are found by a list.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse } from 'acorn'
import { fullAncestor } from 'acorn-walk'
import postcss from 'postcss'

/**
 * Methods by name, with the first Chromium that has them. Vue passes on calls of `toSorted`, `toReversed`
 * and `toSpliced` that a reactive array gets; ESLint sees to it that it gets none.
 */
const LATE_METHODS = {
  replaceAll: 85,
  findLast: 97,
  findLastIndex: 97,
  isWellFormed: 111,
  toWellFormed: 111,
  symmetricDifference: 122,
  isSubsetOf: 122,
  isSupersetOf: 122,
  isDisjointFrom: 122,
  throwIfAborted: 100,
  replaceChildren: 86,
  checkVisibility: 105,
  getAnimations: 84,
  commitStyles: 84,
  requestVideoFrameCallback: 83,
  cancelVideoFrameCallback: 83,
  getInnerHTML: 90,
  setHTMLUnsafe: 124,
  showPopover: 114,
  hidePopover: 114,
  togglePopover: 114,
  startViewTransition: 111,
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
  'AbortSignal.abort': 93,
  'crypto.randomUUID': 92,
  'Intl.DisplayNames': 81,
  'Intl.Segmenter': 87,
  'Intl.supportedValuesOf': 99,
}
const LATE_GLOBALS = {
  reportError: 95,
  EncodedVideoChunk: 94,
  VideoDecoder: 94,
  VideoFrame: 94,
  MediaStreamTrackProcessor: 94,
  CloseWatcher: 126,
  Highlight: 105,
  structuredClone: 98,
  WeakRef: 84,
  FinalizationRegistry: 84,
  AggregateError: 85,
}
const FLOOR = 80

/** Properties, with the first Chromium that has them. */
const LATE_CSS_PROPERTIES = {
  'accent-color': 93,
  appearance: 84,
  'aspect-ratio': 88,
  'color-scheme': 81,
  'content-visibility': 85,
  'container-type': 105,
  inset: 87,
  mask: 120,
  'mask-image': 120,
  rotate: 104,
  scale: 104,
  'scrollbar-color': 121,
  'scrollbar-gutter': 94,
  'scrollbar-width': 121,
  'text-decoration-thickness': 89,
  'text-underline-offset': 87,
  'text-wrap': 114,
  translate: 104,
}
const LATE_CSS_PREFIXES = {
  'animation-timeline': 115,
  'border-end-': 89,
  'border-start-': 89,
  'inset-': 87,
  'margin-block': 87,
  'margin-inline': 87,
  'padding-block': 87,
  'padding-inline': 87,
}
/** Patterns of selectors. A rule with one that the browser does not know is dropped whole. */
const LATE_CSS_SELECTORS = [
  [/:(is|where)\(/, 88],
  [/:not\([^()]*,/, 88],
  [/:focus-visible/, 86],
  [/::marker/, 86],
  [/::file-selector-button/, 89],
  [/:autofill/, 110],
  [/:modal/, 105],
  [/:has\(/, 105],
  [/:user-(in)?valid/, 119],
]
const LATE_CSS_VALUES = [
  [/\b(color-mix|color)\(/, 111],
  [/\b(ok)?(lch|lab)\(/, 111],
  [/(^|[\s(,])image-set\(/, 113],
  [/\b(round|mod|rem|sin|cos|tan|pow|sqrt|hypot)\(/, 111],
  [/\d[sdl]v(h|w|min|max)\b/, 108],
  [/\dcq(w|h|i|b|min|max)\b/, 105],
  [/\dr?lh\b/, 109],
  [/^revert(-layer)?$/, 84],
  [/\bsubgrid\b/, 117],
  [/\blight-dark\(/, 123],
]
/** Values that only one property takes so late. */
const LATE_PROPERTY_VALUES = {
  overflow: [/\bclip\b/, 90],
  'overflow-x': [/\bclip\b/, 90],
  'overflow-y': [/\bclip\b/, 90],
  'align-items': [/^(start|end)$/, 93], // in flex boxes
  'justify-content': [/^(start|end|left|right)$/, 93],
  'word-break': [/^auto-phrase$/, 119],
}
const LATE_AT_RULES = { layer: 99, container: 105, property: 85, scope: 118, 'starting-style': 117 }
/** Conditions that a browser takes for `not all`, so that what stands under them never applies. */
const LATE_CONDITIONS = [
  [/[<>]/, 104],
  [/prefers-contrast/, 96],
  [/forced-colors/, 89],
  [/selector\(/, 83],
]

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
  // What stands in `try` with a `catch` has another way for browsers that lack it.
  const tried = (above) => above.some((one, n) => one.type === 'TryStatement' && one.handler && above[n + 1] === one.block)
  fullAncestor(tree, (node, _, above) => {
    if (tried(above)) return
    if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const { callee } = node
      if (callee.type === 'Identifier' && Object.hasOwn(LATE_GLOBALS, callee.name)) {
        late(callee.name, LATE_GLOBALS[callee.name])
      }
      // `a.late?.()` asks first.
      if (callee.type === 'MemberExpression' && !callee.computed && node.optional !== true) {
        const member = callee.property.name
        const owner = callee.object.type === 'Identifier' ? callee.object.name : ''
        if (Object.hasOwn(LATE_METHODS, member)) late(`.${member}()`, LATE_METHODS[member])
        const full = `${owner}.${member}`
        if (Object.hasOwn(LATE_STATICS, full)) late(full, LATE_STATICS[full])
        if (member === 'at' && node.arguments.length === 1) late('.at()', 92)
        const given = node.arguments[2]?.properties?.some((one) => one.key?.name === 'signal')
        if (member === 'addEventListener' && given) late('addEventListener with signal', 90)
      }
    }
  })
  return faults
}

export function styleFaults(css, name) {
  const faults = []
  const fault = (node, what) => {
    const where = node.selector ?? node.parent?.selector ?? ''
    faults.push(`${name}: ${what}${where === '' || what.startsWith(where) ? '' : ` in ${where}`}`)
  }
  const root = postcss.parse(css)
  const since = (version) => `needs Chromium ${version}`
  const matches = (patterns, text, node) => {
    for (const [pattern, version] of patterns) {
      if (pattern.test(text)) fault(node, `${text} ${since(version)}`)
    }
  }
  root.walkAtRules((rule) => {
    const version = LATE_AT_RULES[rule.name]
    if (version !== undefined) fault(rule, `@${rule.name} ${since(version)}`)
    if (rule.name === 'media' || rule.name === 'supports') matches(LATE_CONDITIONS, rule.params, rule)
  })
  root.walkRules((rule) => {
    matches(LATE_CSS_SELECTORS, rule.selector, rule)
    if (rule.parent?.type === 'rule') fault(rule, 'nesting')
    const declared = new Map(rule.nodes.filter((one) => one.type === 'decl').map((one) => [one.prop, one.value]))
    const flex = /flex/.test(declared.get('display') ?? '')
    const grid = /grid/.test(declared.get('display') ?? '')
    const gap = ['gap', 'row-gap', 'column-gap'].some((prop) => declared.has(prop))
    if (gap && (flex || !grid)) fault(rule, 'gap outside a grid (flex gap is Chromium 84)')
  })
  root.walkDecls((declaration) => {
    const { prop, value } = declaration
    const prefix = Object.keys(LATE_CSS_PREFIXES).find((one) => prop.startsWith(one))
    const version = LATE_CSS_PROPERTIES[prop] ?? LATE_CSS_PREFIXES[prefix]
    if (version !== undefined) fault(declaration, `${prop} ${since(version)}`)
    matches(LATE_CSS_VALUES, value, declaration)
    if (Object.hasOwn(LATE_PROPERTY_VALUES, prop)) matches([LATE_PROPERTY_VALUES[prop]], value, declaration)
  })
  return faults
}

/** Every asset that classroom.html loads, with the scripts that those import. */
export function classroomAssets(dist) {
  const html = readFileSync(join(dist, 'classroom.html'), 'utf8')
  const found = new Set([...html.matchAll(/(?:src|href)="\.?\/(assets\/[^"]+)"/g)].map((match) => match[1]))
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
  const DIST = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
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
