/**
 * The layers of `src` as an allow-list, and the ESLint rule that keeps it.
 *
 * A folder covers its subfolders. It may import itself, the folders named here, and the packages named
 * here. A folder without a line is refused. Each line names only folders of the lines above it.
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('../src', import.meta.url))
const VUE = ['vue', 'vue-i18n']
const PAGE = [...VUE, 'vue-router', 'element-plus']

/** folder → what it may import */
export const LAYERS = {
  'core/base': { folders: [] },
  'core/audit': { folders: ['core/base'] },
  'core/consent': { folders: ['core/base'] },
  'core/directory': { folders: ['core/base'] },
  'core/files': { folders: ['core/base'] },
  'core/identity': { folders: ['core/base'] },
  'core/jobs': { folders: ['core/base'] },
  'core/ledger': { folders: ['core/base'] },
  'core/lessons': { folders: ['core/base'] },
  'core/library': { folders: ['core/base'] },
  'core/links': { folders: ['core/base'] },
  'core/nodes': { folders: ['core/base'] },
  'core/media': { folders: ['core/base'] },
  'core/resource_push': { folders: ['core/base'] },
  'core/timetable': { folders: ['core/base'] },
  'core/classroom': { folders: ['core/base', 'core/media'] },

  'browser/base': { folders: ['core/base'], packages: ['vue'] },
  'browser/identity': { folders: ['core/base', 'core/identity', 'browser/base'], packages: ['vue'] },
  'browser/ledger': { folders: ['core/base', 'core/ledger', 'browser/base', 'browser/identity'], packages: ['vue'] },
  'browser/timetable': {
    folders: ['core/base', 'core/timetable', 'browser/base', 'browser/identity'],
    packages: ['vue'],
  },
  'browser/consent': { folders: ['core/consent', 'browser/base', 'browser/identity'] },
  'browser/directory': {
    folders: ['core/base', 'core/directory', 'browser/base', 'browser/identity'],
    packages: ['vue'],
  },
  'browser/files': {
    folders: ['core/base', 'core/files', 'browser/base', 'browser/identity'],
    packages: ['tus-js-client'],
  },
  'browser/jobs': { folders: ['core/jobs', 'browser/identity'] },
  'browser/nodes': { folders: ['core/nodes', 'browser/identity'] },
  'browser/library': { folders: ['core/base', 'core/library', 'browser/base', 'browser/identity'], packages: ['hls.js'] },
  'browser/resource_push': {
    folders: ['core/base', 'core/resource_push', 'browser/base', 'browser/identity'],
    packages: ['vue'],
  },
  'browser/media': { folders: ['core/base', 'core/media', 'browser/base'], packages: ['vue'] },
  'browser/classroom': {
    folders: ['core/base', 'core/media', 'core/classroom', 'browser/base', 'browser/identity', 'browser/media'],
    packages: ['vue'],
  },

  i18n: {
    folders: ['core/base', 'core/lessons', 'core/media', 'core/timetable', 'core/classroom', 'browser/base'],
    packages: ['vue-i18n'],
  },
  styles: { folders: [] },

  'components/base': { folders: ['browser/base', 'i18n'], packages: VUE },
  'components/directory': { folders: ['core/directory'], packages: VUE },
  'components/identity': {
    folders: [
      ...['core/base', 'core/directory', 'core/identity', 'browser/base', 'browser/identity', 'i18n'],
      ...['components/directory'],
    ],
    packages: VUE,
  },
  'components/files': {
    folders: ['core/base', 'core/files', 'browser/base', 'browser/files', 'i18n'],
    packages: VUE,
  },
  'components/jobs': {
    folders: ['core/base', 'core/jobs', 'browser/base', 'browser/files', 'browser/jobs', 'i18n'],
    packages: VUE,
  },
  'components/links': { folders: ['core/base', 'core/links', 'browser/base'], packages: VUE },
  'components/resource_push': {
    folders: [
      ...['core/base', 'core/resource_push', 'browser/base', 'browser/resource_push', 'i18n', 'components/base'],
    ],
    packages: VUE,
  },
  'components/ledger': {
    folders: ['core/base', 'core/ledger', 'browser/base', 'browser/ledger', 'i18n', 'components/base'],
    packages: VUE,
  },
  'components/library': {
    folders: ['core/base', 'core/files', 'core/library', 'browser/base', 'browser/library', 'i18n', 'components/base'],
    packages: VUE,
  },
  'components/media': { folders: ['core/media', 'browser/media'], packages: ['vue'] },
  'components/classroom': {
    folders: ['core/base', 'core/classroom', 'browser/base', 'components/base'],
    packages: VUE,
  },

  'pages/identity': {
    folders: [
      ...['core/base', 'core/identity', 'browser/base', 'browser/identity', 'i18n'],
      ...['components/base', 'components/identity'],
    ],
    packages: PAGE,
  },
  'pages/audit': {
    folders: [
      ...['core/base', 'core/audit', 'browser/base', 'browser/identity', 'i18n'],
      ...['components/base', 'components/jobs'],
    ],
    packages: PAGE,
  },
  'pages/nodes': {
    folders: ['core/base', 'core/nodes', 'browser/base', 'browser/nodes', 'i18n', 'components/base'],
    packages: PAGE,
  },
  'pages/consent': {
    folders: [
      ...['core/base', 'core/consent', 'browser/base', 'browser/consent', 'browser/files', 'browser/identity'],
      ...['browser/timetable', 'i18n', 'components/base', 'components/files', 'components/jobs'],
    ],
    packages: PAGE,
  },
  'pages/directory': {
    folders: [
      ...['core/base', 'core/directory', 'browser/base', 'browser/directory', 'browser/files', 'browser/identity'],
      ...['i18n', 'components/base', 'components/files', 'components/jobs'],
    ],
    packages: PAGE,
  },
  'pages/jobs': {
    folders: ['core/base', 'core/jobs', 'browser/base', 'browser/identity', 'i18n', 'components/base'],
    packages: PAGE,
  },
  'pages/timetable': {
    folders: [
      ...['core/base', 'core/directory', 'core/jobs', 'core/lessons', 'core/timetable'],
      ...['browser/base', 'browser/identity', 'browser/timetable', 'i18n', 'components/base'],
      ...['components/directory', 'components/files', 'components/jobs', 'components/ledger', 'components/resource_push'],
    ],
    packages: PAGE,
  },
  'pages/ledger': {
    folders: [
      ...['core/base', 'core/directory', 'core/jobs', 'core/ledger', 'core/lessons'],
      ...['browser/base', 'browser/files', 'browser/identity', 'browser/ledger', 'i18n'],
      ...['components/base', 'components/directory', 'components/jobs', 'components/ledger'],
    ],
    packages: [...PAGE, 'echarts'],
  },
  'pages/today': {
    folders: [
      ...['core/base', 'core/ledger', 'core/lessons', 'core/timetable'],
      ...['browser/base', 'browser/identity', 'browser/ledger', 'browser/timetable', 'i18n'],
      ...['components/base', 'components/classroom', 'components/links', 'components/resource_push', 'pages/timetable'],
    ],
    packages: PAGE,
  },
  'pages/lessons': {
    folders: [
      ...['core/base', 'core/lessons', 'core/library'],
      ...['browser/base', 'browser/identity', 'browser/media', 'i18n', 'components/base', 'components/ledger'],
      ...['components/resource_push'],
    ],
    packages: PAGE,
  },
  'pages/recordings': {
    folders: [
      ...['core/base', 'core/library', 'browser/base', 'browser/identity'],
      ...['i18n', 'components/base', 'components/library'],
    ],
    packages: PAGE,
  },
  'pages/library': {
    folders: [
      ...['core/base', 'core/library', 'browser/base', 'browser/identity', 'browser/library'],
      ...['i18n', 'components/base', 'components/jobs', 'components/library'],
    ],
    packages: PAGE,
  },
  'pages/resources': {
    folders: [
      ...['core/base', 'core/files', 'core/library', 'browser/base', 'browser/files', 'browser/identity', 'browser/library'],
      ...['i18n', 'components/base', 'components/files', 'components/jobs', 'components/library'],
    ],
    packages: PAGE,
  },
  'pages/links': {
    folders: [
      ...['core/base', 'core/directory', 'core/lessons', 'core/links', 'browser/base', 'browser/identity'],
      ...['i18n', 'components/base', 'components/directory'],
    ],
    packages: PAGE,
  },
  'pages/classroom': {
    folders: [
      ...['core/base', 'core/lessons', 'core/media', 'core/classroom'],
      ...['browser/base', 'browser/identity', 'browser/media', 'browser/classroom', 'i18n'],
      ...['components/base', 'components/links', 'components/media', 'components/classroom', 'pages/lessons'],
      ...['pages/nodes'],
    ],
    packages: [...VUE, 'vue-router'],
  },

  // The two pages. The kiosk runs on Chromium 80: neither router nor Element Plus.
  classroom: {
    folders: [
      ...['core/base', 'core/ledger', 'core/lessons', 'core/library', 'core/media', 'core/timetable', 'core/classroom'],
      ...['core/resource_push', 'browser/resource_push'],
      ...['browser/base', 'browser/identity', 'browser/ledger', 'browser/media', 'browser/timetable'],
      ...['browser/classroom', 'i18n', 'styles', 'components/library'],
      ...['components/base', 'components/identity', 'components/ledger', 'components/links', 'components/media'],
      ...['components/classroom'],
    ],
    packages: VUE,
  },
  app: {
    folders: [
      ...['core/base', 'browser/base', 'browser/identity', 'i18n', 'styles', 'components/base'],
      ...['pages/audit', 'pages/consent', 'pages/directory', 'pages/identity', 'pages/jobs', 'pages/ledger', 'pages/lessons'],
      ...['pages/nodes'],
      ...['pages/library', 'pages/links', 'pages/recordings', 'pages/resources', 'pages/timetable', 'pages/today', 'pages/classroom'],
    ],
    packages: PAGE,
  },
}

/** The listed folder that covers a path below `src`, or undefined. */
export function layerOf(path, layers = LAYERS) {
  return Object.keys(layers).find((layer) => path.startsWith(`${layer}/`))
}

/** Resolves `../x` against the folder of a path below `src`; undefined when it leaves `src`. */
function resolved(from, source) {
  const parts = from.split('/').slice(0, -1)
  for (const step of source.split('/')) {
    if (step === '..') {
      if (parts.pop() === undefined) return undefined
    } else if (step !== '.') parts.push(step)
  }
  return parts.join('/')
}

/** Says why a file's place is refused, or undefined. Files directly in `src` are for the compiler only. */
function unlisted(file, layers) {
  if (!file.includes('/') || layerOf(file, layers) !== undefined) return undefined
  return `no layer covers src/${file}: give its folder a line in tools/layers.mjs`
}

/** Says why a file below `src` may not import this, or undefined if it may. */
export function refusal(file, source, layers = LAYERS) {
  const own = layerOf(file, layers)
  if (own === undefined) return undefined // `unlisted` says so
  const allowed = layers[own]
  if (!source.startsWith('.')) {
    const packages = allowed.packages ?? []
    const known = packages.some((name) => source === name || source.startsWith(`${name}/`))
    return known ? undefined : `${own} may not import the package ${source}`
  }
  const path = resolved(file, source)
  const target = path === undefined ? undefined : layerOf(`${path}/`, layers)
  if (target === undefined) return `no layer covers ${source}: give its folder a line in tools/layers.mjs`
  return target === own || allowed.folders.includes(target) ? undefined : `${own} may not import ${target}`
}

/** The rule `layers/allowed`. */
const allowed = {
  meta: { type: 'problem', schema: [], messages: { refused: '{{why}}' } },
  create(context) {
    const path = relative(SOURCES, context.filename).replaceAll('\\', '/')
    const report = (node, why) => {
      if (why !== undefined) context.report({ node, messageId: 'refused', data: { why } })
    }
    const check = (node) => {
      if (node.source?.type === 'Literal') report(node, refusal(path, node.source.value))
    }
    return {
      // A file without imports needs a layer as well.
      Program: (node) => report(node, unlisted(path)),
      ImportDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
    }
  },
}

export default { rules: { allowed } }
