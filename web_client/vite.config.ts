import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const server = process.env.TONGKE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  // Everything is found from `<base>`, where the server names the path that a proxy puts before it.
  base: './',
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: 'false', // this project's components need only the composition API
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    // The floor of the classroom page: panels with Windows 7 run Chromium 80 (docs: DOMAIN).
    target: 'chrome80',
    cssTarget: 'chrome80',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      input: { index: page('index.html'), classroom: page('classroom.html') },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/ws', '/whip', '/whep', '/media'].map((path) => [path, { target: server, ws: true }]),
    ),
  },
  test: {
    testTimeout: 60_000, // patience with a busy machine; no test waits for a clock
    hookTimeout: 60_000,
    alias: { 'vitest-environment-memory': page('tests/support/memory_environment.ts') },
    projects: [
      // Nothing in src/core keeps state in a module: its tests share a process, a fifth of the time.
      { extends: true, test: { name: 'core', include: ['tests/core/**/*.test.ts'], isolate: false } },
      {
        extends: true,
        test: { name: 'page', include: ['tests/**/*.test.ts'], exclude: ['tests/core/**'] },
      },
    ],
  },
})
