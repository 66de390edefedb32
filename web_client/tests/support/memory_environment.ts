/** Where components run in tests: compiled as for a browser, and no browser (see `memory_page.ts`). */
export default {
  name: 'memory',
  viteEnvironment: 'client',
  setup: () => ({ teardown() {} }),
}
