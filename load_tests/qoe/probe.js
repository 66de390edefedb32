// Runs in every page of the bench before the page's own code, and watches it from outside: frames shown and the number
// burned into each, loudness, statistics, and on the teacher's side which picture was taken when. Times are ms of the
// page's clock since the epoch; `take` tells how far Date.now() is ahead of it.
(() => {
  const STATS_MS = 200
  const OUTBOUND_EVERY = 5 // ticks: the sending side is only context
  const LEVEL_MS = 40
  const BITS = 32
  const CHECK = 0xa5

  const now = () => performance.timeOrigin + performance.now()
  const connections = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args)
      connections.push(this)
    }
  }
  const living = () => connections.filter((one) => one.connectionState !== 'closed')

  // The lower row of the strip (load_tests/picture.py) is the picture's number; -1 where it cannot be read.
  const numberOf = async (frame) => {
    const { x, y, width, height } = frame.visibleRect
    const middle = y + (Math.round((1.5 * height * 10) / 180) & ~1)
    const rect = { x, y: middle, width, height: 2 }
    const pixels = new Uint8Array(frame.allocationSize({ rect }))
    const [{ offset }] = await frame.copyTo(pixels, { rect })
    const planar = /^(I|NV)/.test(frame.format)
    let value = 0
    for (let bit = 0; bit < BITS; bit++) {
      const column = Math.floor(((bit + 0.5) * width) / BITS)
      value = value * 2 + (pixels[offset + (planar ? column : column * 4 + 1)] > 125 ? 1 : 0)
    }
    const body = Math.floor(value / 256)
    const check = ((body >> 16) ^ (body >> 8) ^ body ^ CHECK) & 0xff
    return value % 256 === check ? body : -1
  }

  // [taken at, number]
  const captured = []
  const follow = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader()
    for (;;) {
      const { value: frame, done } = await reader.read()
      if (done) return
      const at = now()
      captured.push([at, await numberOf(frame).catch(() => -1)])
      frame.close()
    }
  }
  const devices = navigator.mediaDevices
  if (devices) {
    const native = devices.getUserMedia.bind(devices)
    devices.getUserMedia = async (wish) => {
      const stream = await native(wish)
      if (window.__qoe.followCamera) stream.getVideoTracks().forEach((track) => void follow(track))
      return stream
    }
  }

  // [shown at, width, height, number, presentedFrames]
  const frames = []
  const watchFrames = (selector) => {
    let current = null
    const attach = () => {
      const video = document.querySelector(selector)
      if (!video || video === current) return
      current = video
      const note = (_now, shown) => {
        if (video !== current) return
        video.requestVideoFrameCallback(note)
        const at = performance.timeOrigin + shown.presentationTime
        const entry = [at, shown.width, shown.height, -1, shown.presentedFrames]
        frames.push(entry)
        try {
          const frame = new VideoFrame(video)
          numberOf(frame)
            .then((number) => (entry[3] = number))
            .catch(() => {})
            .finally(() => frame.close())
        } catch {
          // The picture went away between the callback and now.
        }
      }
      video.requestVideoFrameCallback(note)
    }
    attach()
    setInterval(attach, 20)
  }

  // [at, dB]
  const levels = []
  const listen = () => {
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 2048
    const samples = new Float32Array(analyser.fftSize)
    const joined = new Set()
    const join = () => {
      for (const connection of living()) {
        for (const { track } of connection.getReceivers()) {
          if (track.kind !== 'audio' || joined.has(track)) continue
          joined.add(track)
          context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
        }
      }
    }
    setInterval(join, 100)
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length
      levels.push([now(), power > 0 ? 10 * Math.log10(power) : -120])
    }, LEVEL_MS)
  }

  const INBOUND = [
    'kind', 'bytesReceived', 'headerBytesReceived', 'packetsReceived', 'packetsLost', 'frameHeight', 'framesReceived',
    'framesDecoded', 'framesDropped', 'keyFramesDecoded', 'freezeCount', 'totalFreezesDuration', 'pauseCount',
    'totalPausesDuration', 'nackCount', 'pliCount', 'retransmittedPacketsReceived', 'jitterBufferDelay',
    'jitterBufferEmittedCount', 'jitterBufferTargetDelay', 'totalSamplesReceived', 'concealedSamples',
    'silentConcealedSamples', 'concealmentEvents', 'insertedSamplesForDeceleration', 'removedSamplesForAcceleration',
    'fecPacketsReceived', 'fecPacketsDiscarded', 'fecBytesReceived', 'totalDecodeTime', 'qpSum',
  ]
  const OUTBOUND = [
    'kind', 'rid', 'active', 'bytesSent', 'packetsSent', 'retransmittedPacketsSent', 'frameHeight', 'framesPerSecond',
    'framesEncoded', 'keyFramesEncoded', 'targetBitrate', 'qualityLimitationReason', 'totalEncodeTime', 'nackCount',
    'pliCount', 'encoderImplementation',
  ]
  const pick = (row, names) => Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]))

  // { at, inbound: [...], outbound: [...], pairs: [...] }
  const stats = []
  const watchStats = (selector) => {
    let tick = 0
    let busy = false
    setInterval(async () => {
      if (busy) return
      busy = true
      const video = selector && document.querySelector(selector)
      const lead = video && video.srcObject && video.srcObject.getVideoTracks()[0]
      const sample = { at: now(), inbound: [], outbound: [], pairs: [] }
      const outbound = tick++ % OUTBOUND_EVERY === 0
      for (const connection of living()) {
        const number = connections.indexOf(connection)
        for (const row of (await connection.getStats()).values()) {
          const id = `${number}/${row.id}`
          if (row.type === 'inbound-rtp' && row.packetsReceived > 0) {
            sample.inbound.push({ id, lead: Boolean(lead) && row.trackIdentifier === lead.id, ...pick(row, INBOUND) })
          } else if (outbound && row.type === 'outbound-rtp') {
            sample.outbound.push({ id, ...pick(row, OUTBOUND) })
          } else if (outbound && row.type === 'candidate-pair' && row.nominated) {
            const { currentRoundTripTime: rtt, availableOutgoingBitrate: available } = row
            sample.pairs.push({ id, rtt, available })
          }
        }
      }
      stats.push(sample)
      busy = false
    }, STATS_MS)
  }

  // Lines of the largest picture that goes out at a fair pace.
  const sending = async () => {
    let lines = 0
    for (const connection of living()) {
      for (const row of (await connection.getStats()).values()) {
        if (row.type === 'outbound-rtp' && row.framesPerSecond >= 15) lines = Math.max(lines, row.frameHeight)
      }
    }
    return lines
  }

  window.__qoe = {
    followCamera: false,
    sending,
    start(selector) {
      watchStats(selector)
      if (selector) {
        watchFrames(selector)
        listen()
      }
    },
    take: () => ({ ahead: Date.now() - now(), frames, levels, stats, captured }),
  }
})()
