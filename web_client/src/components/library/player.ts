/** The player's workings: all sources on one clock, for the component that shows them. */
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { memory } from '../../browser/base/memory'
import { SourcePlayer } from '../../browser/library/source_player'
import type { Kept } from '../../core/library/kept'
import type { Cast, Played } from '../../core/library/playback'
import { MasterClock, START_PATIENCE_MS, hasPicture, onStageAt } from '../../core/library/playback'
import type { RecordingSource } from '../../core/base/wire'

const TICK_MS = 100
const CUT_S = 0.02 // a cut that is reached is passed; a smaller step is the clock's

export interface PaneState {
  readonly present: boolean
  readonly buffering: boolean
  readonly failed: boolean
  /** The recording marks that media is missing here; the last picture stands still. */
  readonly gap: boolean
}

const ABSENT: PaneState = { present: false, buffering: false, failed: false, gap: false }

/** What the page that plays wishes, as it is now. */
export interface Wishes {
  /** The kept spans that playing obeys; null: everything is played. */
  readonly kept: () => Kept | null
  /** 只听声音: nothing is shown, and pictures without sound are not asked for. */
  readonly soundOnly: () => boolean
}

export function usePlayer(media: Played, parts: Cast, wishes: Wishes) {
  const { durationS, stage } = media
  const clock = new MasterClock(durationS)
  const players = new Map<string, SourcePlayer>()
  const position = ref(0)
  const playing = ref(false)
  const rate = ref(1)
  const volume = ref(Number(memory.get('volume') ?? 1))
  const muted = ref(false)
  const panes = shallowRef<ReadonlyMap<string, PaneState>>(new Map())

  /** Everybody follows the teacher's sound; without it, the courseware. */
  const leaders = [parts.camera, parts.courseware].filter((one) => one !== null)
  const pictures = leaders.filter(hasPicture).length
  let startsBy = -Infinity // until then, playing waits for what it needs to begin

  function leader(): SourcePlayer | null {
    for (const source of leaders) {
      const player = players.get(source.source_id)
      if (player?.mayLead) return player
    }
    return null
  }

  function attach(source: RecordingSource, element: HTMLVideoElement | null): void {
    const before = players.get(source.source_id)
    if (before?.element === element) return
    before?.close()
    players.delete(source.source_id)
    if (element !== null) players.set(source.source_id, new SourcePlayer(source, element, pictures))
  }

  function tick(): void {
    const now = performance.now()
    const lead = leader()
    const starting = playing.value && isStarting(now)
    if (starting) clock.moveTo(position.value, now)
    else if (playing.value && lead !== null) {
      // While the leader waits for data or a seek, time stands still for everybody.
      clock.moveTo(lead.buffering ? position.value : lead.positionS, now)
    }
    position.value = clock.position(now)
    if (playing.value) passCuts(now)
    for (const player of players.values()) drive(player, player === lead, !starting, now)
    panes.value = new Map(
      [...players].map(([id, one]) => [
        id,
        {
          present: one.shown,
          buffering: playing.value && (starting || one.buffering),
          failed: one.failed,
          gap: one.source.gaps.some((span) => position.value >= span.start_s && position.value < span.end_s),
        },
      ]),
    )
  }

  /** Goes on behind a cut, and stops where nothing more is kept. */
  function passCuts(now: number): void {
    const kept = wishes.kept()
    const onward = clock.ended(now) ? null : kept === null ? position.value : kept.onward(position.value)
    if (onward === null) pause()
    else if (onward - position.value > CUT_S) seek(onward)
    else if (kept !== null) soonAt(kept.runsFor(position.value))
  }

  /** A cut that begins before the next tick is looked at in time, so that nothing of it is seen. */
  function soonAt(leftS: number): void {
    const ms = (leftS / clock.rate) * 1000
    window.clearTimeout(cutTimer)
    if (ms < TICK_MS) cutTimer = window.setTimeout(tick, ms)
  }

  /** Playing begins once both pictures have enough, so that neither stands still soon after. */
  function isStarting(now: number): boolean {
    const lacks = (source: RecordingSource) => players.get(source.source_id)?.readyAt(position.value) === false
    if (now < startsBy && leaders.some(lacks)) return true
    startsBy = -Infinity
    return false
  }

  function drive(player: SourcePlayer, leads: boolean, runs: boolean, now: number): void {
    const { source, element } = player
    const heard = source.lead || onStageAt(stage, source, position.value)
    const wanted = heard && (leads || !wishes.soundOnly() || source.files.some((file) => file.has_audio))
    element.volume = volume.value
    element.muted = muted.value || !heard
    // A room off stage is neither seen nor heard: it needs no data either.
    player.follow(position.value, playing.value && runs && wanted, clock.rate, leads, now)
  }

  function play(): void {
    const now = performance.now()
    const kept = wishes.kept()
    const over = clock.ended(now) || kept?.onward(position.value) === null
    clock.play(now)
    playing.value = true
    startsBy = now + START_PATIENCE_MS
    if (over) seek(kept?.startS ?? 0)
    tick()
  }
  function pause(): void {
    clock.pause(performance.now())
    playing.value = false
  }
  function seek(toS: number): void {
    const now = performance.now()
    clock.moveTo(toS, now)
    position.value = clock.position(now)
    startsBy = now + START_PATIENCE_MS
    for (const player of players.values()) player.seek(position.value, now)
  }
  function setRate(next: number): void {
    rate.value = next
    clock.setRate(next, performance.now())
  }
  function setVolume(next: number): void {
    volume.value = Math.min(1, Math.max(0, next))
    muted.value = false
    memory.set('volume', String(volume.value))
  }

  let cutTimer: number | undefined
  const timer = window.setInterval(tick, TICK_MS)
  onScopeDispose(() => {
    window.clearInterval(timer)
    window.clearTimeout(cutTimer)
    for (const player of players.values()) player.close()
    players.clear()
  })

  return {
    durationS,
    position,
    playing,
    rate,
    volume,
    muted,
    attach,
    play,
    pause,
    seek,
    setRate,
    setVolume,
    pane: (source: RecordingSource | null): PaneState =>
      (source && panes.value.get(source.source_id)) ?? ABSENT,
    onStage: computed(() =>
      parts.rooms.filter((source) => onStageAt(stage, source, position.value)),
    ),
  }
}
