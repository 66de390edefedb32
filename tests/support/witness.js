// Runs in a teacher's page beside the page's own code and notes what its camera and microphone really deliver: when each
// picture was taken and what its strip says (load_tests/picture.py), and when each 1 kHz beep began. Times are ms since the
// epoch. It reads the very tracks that are published, before any encoder.
(() => {
  const STRIP_BITS = 32
  const STRIP_ROW_FRACTION = 10 / 180
  const THRESHOLD = (235 + 16) / 2
  const BEEP_HZ = 1000
  const WINDOW_S = 0.005
  const TONE_PRESENT = 0.6
  const MIN_WINDOWS = 12
  const SENT_POLL_MS = 10

  // Courseware that shows exactly what the camera shows, at the same instant: the same device, opened once more.
  navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } })

  const now = () => performance.timeOrigin + performance.now()

  // A capture timestamp becomes a time of day by the least delayed delivery.
  const clock = () => {
    let offset = Infinity
    return {
      take: (timestamp) => (offset = Math.min(offset, now() - timestamp / 1000)),
      at: (timestamp) => timestamp / 1000 + offset,
    }
  }

  const readStrip = (luma, width, height) => {
    const values = []
    for (let row = 0; row < 2; row++) {
      const line = Math.floor((row + 0.5) * height * STRIP_ROW_FRACTION) * width
      let value = 0
      for (let bit = 0; bit < STRIP_BITS; bit++) {
        value = value * 2 + (luma[line + Math.floor(((bit + 0.5) * width) / STRIP_BITS)] > THRESHOLD ? 1 : 0)
      }
      const body = Math.floor(value / 256)
      if (((body >> 16) ^ ((body >> 8) & 255) ^ (body & 255) ^ 0xa5) !== value % 256) return null
      values.push(body)
    }
    return values
  }

  const eachOf = async (track, take) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      try {
        await take(value)
      } finally {
        value.close()
      }
    }
  }

  const pictures = []
  const videoClock = clock()
  const watch = (track) =>
    eachOf(track, async (frame) => {
      videoClock.take(frame.timestamp)
      const luma = new Uint8Array(frame.allocationSize())
      await frame.copyTo(luma)
      const read = readStrip(luma, frame.codedWidth, frame.codedHeight)
      pictures.push([frame.timestamp, ...(read ?? [null, null])])
    })

  const beeps = []
  const audioClock = clock()
  const isTone = (samples, rate) => {
    let energy = 0
    let real = 0
    let imaginary = 0
    samples.forEach((sample, index) => {
      const phase = (2 * Math.PI * BEEP_HZ * index) / rate
      energy += sample * sample
      real += sample * Math.cos(phase)
      imaginary += sample * Math.sin(phase)
    })
    if (energy < samples.length * 1e-5) return false
    return (2 * (real * real + imaginary * imaginary)) / (samples.length * energy) > TONE_PRESENT
  }
  const listen = (track) => {
    let run = 0
    let began = 0
    return eachOf(track, async (data) => {
      // The fake microphone hands a buffer over at the very instant at which it says its first sample was taken.
      audioClock.take(data.timestamp)
      const samples = new Float32Array(data.numberOfFrames)
      data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
      const size = Math.round(data.sampleRate * WINDOW_S)
      for (let at = 0; at + size <= samples.length; at += size) {
        if (!isTone(samples.subarray(at, at + size), data.sampleRate)) {
          run = 0
          continue
        }
        if (run === 0) began = data.timestamp + (at / data.sampleRate) * 1e6
        run += 1
        if (run === MIN_WINDOWS) beeps.push(began)
      }
    })
  }

  let firstSentAt = null
  const awaitFirstSent = async () => {
    while (firstSentAt === null) {
      const rows = await window.__probe.stats('outbound-rtp', 'video')
      if (rows.some((row) => row.framesSent > 0)) firstSentAt = now()
      await new Promise((resolve) => setTimeout(resolve, SENT_POLL_MS))
    }
  }

  window.__witness = {
    // Before 开始上课.
    begin: async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } })
      watch(stream.getVideoTracks()[0])
      listen(stream.getAudioTracks()[0])
      awaitFirstSent()
    },
    press: (testid) => {
      document.querySelector(`[data-testid="${testid}"]`).click()
      return now()
    },
    report: () => ({
      firstSentAt,
      pictures: pictures.map(([timestamp, ...marks]) => [videoClock.at(timestamp), ...marks]),
      beeps: beeps.map((timestamp) => audioClock.at(timestamp)),
    }),
  }
})()
