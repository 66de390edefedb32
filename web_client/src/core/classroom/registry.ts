/** The parts of every room's state. A new tool is one line here, as in signaling/classroom/registry.py. */
import { hands } from './parts/hands'
import { headcount } from './parts/headcount'
import { lesson } from './parts/lesson'
import { mute } from './parts/mute'
import { notices } from './parts/notice'
import { presence } from './parts/presence'
import { published } from './parts/published'
import { recording } from './parts/recording'
import { slots } from './parts/slots'
import { stage } from './parts/stage'
import { stills } from './parts/stills'

export const PARTS = [
  lesson,
  presence,
  hands,
  stage,
  mute,
  published,
  recording,
  headcount,
  notices,
  slots,
  stills,
] as const
