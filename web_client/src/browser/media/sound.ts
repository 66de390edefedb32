/** Sound for 设备检测: a test tone, and samples of the microphone for its meter. */

const TONE_NOTES_HZ = [523.25, 659.25, 783.99] // c e g: plainly a test, pleasant in a full classroom
const NOTE_S = 0.35

/** Plays three notes; resolves when they are over. */
export async function playTestTone(): Promise<void> {
  const context = new AudioContext()
  try {
    await context.resume()
    TONE_NOTES_HZ.forEach((frequency, index) => {
      const begin = context.currentTime + index * NOTE_S
      const note = context.createOscillator()
      const volume = context.createGain()
      note.frequency.value = frequency
      volume.gain.setValueAtTime(0, begin)
      volume.gain.linearRampToValueAtTime(0.25, begin + 0.03)
      volume.gain.linearRampToValueAtTime(0, begin + NOTE_S)
      note.connect(volume).connect(context.destination)
      note.start(begin)
      note.stop(begin + NOTE_S)
    })
    await new Promise((resolve) => setTimeout(resolve, TONE_NOTES_HZ.length * NOTE_S * 1000 + 100))
  } finally {
    await context.close()
  }
}

/** Hands over the latest samples of tracks, mixed, thirty times a second, until told to stop. */
export function watchSamples(
  tracks: readonly MediaStreamTrack[],
  use: (samples: Float32Array, elapsedS: number) => void,
): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  for (const track of tracks) {
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
  }
  void context.resume()
  const samples = new Float32Array(analyser.fftSize)
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    analyser.getFloatTimeDomainData(samples)
    use(samples, (now - last) / 1000)
    last = now
  }, 33)
  return () => {
    clearInterval(timer)
    void context.close()
  }
}
