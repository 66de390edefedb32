// Answers of the API take their time, as over a poor link: what a fast machine hides, shows. The
// time is drawn from a seed, and a part of it passes before the server hears of the request.
;((seed) => {
  const LEAST_MS = 50
  const MOST_MS = 600
  let state = seed >>> 0

  /** Between 0 and 1: a linear congruential generator (Numerical Recipes). */
  function draw() {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }

  /** Rejects as fetch does, when the page gives the request up meanwhile. */
  function pause(ms, signal) {
    return new Promise((done, fail) => {
      if (signal && signal.aborted) fail(signal.reason)
      const timer = setTimeout(done, ms)
      if (!signal) return
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        fail(signal.reason)
      })
    })
  }

  const real = window.fetch
  window.fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI)
    // What is sent while a page closes cannot wait.
    if (!url.pathname.includes('/api/') || init.keepalive) return real.call(window, input, init)
    const wholeMs = LEAST_MS + draw() * (MOST_MS - LEAST_MS)
    const thereMs = draw() * wholeMs
    await pause(thereMs, init.signal)
    const answer = await real.call(window, input, init)
    await pause(wholeMs - thereMs, init.signal)
    return answer
  }
})(SEED)
