// Runs in every page of the browser tests before the page's own code. It watches what the browser receives, without
// knowing anything of the application: every RTCPeerConnection is kept, frames and tones are noted with their times.
(() => {
  const connections = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args)
      connections.push(this)
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') this.connectedAt = performance.now()
      })
    }
  }

  // Press a button and wait for the first picture in a <video> that may not exist yet; times in ms.
  const firstFrame = (button, selector) =>
    new Promise((resolve) => {
      const pressed = performance.now()
      const look = () => {
        const video = document.querySelector(selector)
        if (!video) return requestAnimationFrame(look)
        video.requestVideoFrameCallback((shown) => {
          const viewer = connections.filter((pc) => pc.getReceivers().some((r) => r.track === video.srcObject.getVideoTracks()[0]))
          resolve({ afterPress: shown - pressed, afterUp: shown - viewer[viewer.length - 1].connectedAt })
        })
      }
      if (button) document.querySelector(button).click()
      look()
    })

  const receivers = (kind) =>
    connections
      .filter((pc) => pc.connectionState !== 'closed')
      .flatMap((pc) => pc.getTransceivers())
      .filter((t) => t.receiver.track.kind === kind && t.currentDirection === 'recvonly')
      .map((t) => t.receiver)

  const stats = async (direction, kind) => {
    const rows = []
    for (const pc of connections) {
      if (pc.connectionState === 'closed') continue
      for (const row of (await pc.getStats()).values()) {
        if (row.type === direction && row.kind === kind) rows.push({ ...row })
      }
    }
    return rows
  }

  // Frames shown by one <video>: [shown at (ms since epoch), width, height, presentedFrames].
  const watches = new Map()
  const watch = (selector) => {
    const video = document.querySelector(selector)
    if (!video) throw new Error(`no ${selector}`)
    const frames = []
    const note = (_now, meta) => {
      frames.push([performance.timeOrigin + meta.presentationTime, meta.width, meta.height, meta.presentedFrames])
      video.requestVideoFrameCallback(note)
    }
    video.requestVideoFrameCallback(note)
    watches.set(selector, frames)
  }
  const watched = (selector) => watches.get(selector) ?? []

  // Level of one tone in everything that this page hears, sampled every 10 ms: [at (ms since epoch), dB].
  const listen = (frequency) => {
    const context = new AudioContext()
    const samples = []
    const joined = new Set()
    const analyser = context.createAnalyser()
    analyser.fftSize = 2048
    analyser.smoothingTimeConstant = 0
    const bins = new Float32Array(analyser.frequencyBinCount)
    const bin = Math.round((frequency * analyser.fftSize) / context.sampleRate)
    setInterval(() => {
      for (const receiver of receivers('audio')) {
        if (joined.has(receiver.track.id)) continue
        joined.add(receiver.track.id)
        context.createMediaStreamSource(new MediaStream([receiver.track])).connect(analyser)
      }
      analyser.getFloatFrequencyData(bins)
      samples.push([Date.now(), Math.max(bins[bin - 1], bins[bin], bins[bin + 1])])
    }, 10)
    return samples
  }
  const tones = new Map()

  window.__probe = {
    connections,
    stats,
    watch,
    watched,
    firstFrame,
    listen: (frequency) => tones.set(frequency, listen(frequency)),
    heard: (frequency) => tones.get(frequency),
  }
})()
