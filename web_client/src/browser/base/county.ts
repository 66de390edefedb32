/** The county's time on this page: the server's clock in the county's zone. It ticks for every page that shows it. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Clock } from '../../core/base/clock'
import { CountyZone, DEFAULT_ZONE, rolledDay } from '../../core/base/county_time'
import { ServerClock } from '../../core/base/server_clock'
import { browserClock } from './clock'

const TICK_MS = 500
const ASK_EVERY_MS = 10_000 // while the time is doubtful

/** What the server says of time and place in its answers. */
export interface CountyFacts {
  readonly server_time: string
  readonly time_zone?: string
}

export function createCounty(clock: Clock) {
  const server = new ServerClock(clock)
  const zone = shallowRef(new CountyZone(DEFAULT_ZONE))
  const now = ref(server.now())
  const today = computed(() => zone.value.day(now.value))
  let ask: () => Promise<unknown> = async () => {}
  let askedAt = -Infinity

  function heard(facts: CountyFacts): void {
    server.heard(facts.server_time)
    const name = facts.time_zone
    if (name !== undefined && name !== zone.value.name) zone.value = new CountyZone(name)
    now.value = server.now()
  }

  /** Asks the server for its time, if there is reason to doubt ours. */
  function doubt(): void {
    if (!server.isDoubtful || clock.now() - askedAt < ASK_EVERY_MS) return
    askedAt = clock.now()
    ask().catch(() => {}) // unreachable: asked again, as long as it is doubtful
  }

  function tick(): void {
    now.value = server.now()
    doubt()
    clock.after(TICK_MS, tick)
  }

  return {
    zone,
    /** Server time in milliseconds, twice a second. */
    now,
    /** The county's day; it changes at the county's midnight. */
    today,
    serverNow: () => server.now(),
    heard,
    /** @param question an answer to it ends in `heard`. */
    start(question: () => Promise<unknown>): void {
      ask = question
      tick()
    },
    /** The page or the network came back: the computer may have slept. */
    wake(): void {
      askedAt = -Infinity
      now.value = server.now()
      ask().catch(() => {})
    },
  }
}

export const county = createCounty(browserClock)

/** `08:30` in the county. */
export const countyHour = (time: string | number): string => county.zone.value.hour(time)
/** `2026-11-22` in the county. */
export const countyDay = (time: string | number): string => county.zone.value.day(time)

/** The day that a page shows: today until somebody turns the leaf, also over midnight. */
export function useShownDay(today: Ref<string> = county.today): Ref<string> {
  const shown = ref(today.value)
  watch(today, (after, before) => (shown.value = rolledDay(shown.value, before, after)), { flush: 'sync' })
  return shown
}
