import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import typescript from 'typescript-eslint'
import layers from './tools/layers.mjs'

/** `at()` is missing in Chromium 80, and the check of the bundle cannot see it: the objects may be Vue's proxies. */
const LATE_AT = {
  selector: "CallExpression > MemberExpression.callee[property.name='at']", // `at` may also be a time
  message: 'Chromium 80 has no at()',
}
/** Pages never use the computer's date or zone: see core/base/server_clock.ts and core/base/county_time.ts. */
const OWN_TIME = [
  ["NewExpression[callee.name='Date']", 'new Date()'],
  ["CallExpression[callee.name='Date']", 'Date()'],
  ["CallExpression[callee.object.name='Date'][callee.property.name='now']", 'Date.now()'],
  ["MemberExpression[object.name='Intl'][property.name='DateTimeFormat']", 'Intl.DateTimeFormat'],
  ['CallExpression[callee.property.name=/^toLocale(Date|Time)?String$/]', 'toLocaleString()'],
].map(([selector, what]) => ({ selector, message: `${what}: use core/base/county_time.ts or browser/base/county.ts` }))
/** One module asks for devices, and only after a click. */
const DEVICES = {
  selector: "MemberExpression[property.name='getUserMedia']",
  message: 'only browser/media/local_media.ts asks for camera and microphone',
}
const LATE = ['replaceAll', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced']

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/core/base/wire.ts'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    files: ['src/**/*.{ts,vue}', 'tests/**/*.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: typescript.parser },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-empty-function': 'off',
      // The shape of templates is a matter of taste; these rules only argue about line breaks.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/require-default-prop': 'off', // an optional prop of a typed component says so by its type
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      'no-restricted-properties': ['error', ...LATE.map((property) => ({ property }))],
      'no-restricted-syntax': ['error', LATE_AT, ...OWN_TIME, DEVICES],
    },
  },
  {
    files: ['src/core/base/county_time.ts', 'src/browser/base/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', LATE_AT, DEVICES] },
  },
  {
    files: ['src/browser/media/local_media.ts'],
    rules: { 'no-restricted-syntax': ['error', LATE_AT, ...OWN_TIME] },
  },
  {
    // Who may import whom. That core has no DOM is checked by its own tsconfig.json: a library without it.
    files: ['src/**/*.{ts,vue}'],
    plugins: { layers },
    rules: { 'layers/allowed': 'error' },
  },
  { files: ['tools/**', '*.config.*'], languageOptions: { globals: globals.node } },
)
