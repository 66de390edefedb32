import { onScopeDispose } from 'vue'
import { Poll } from '../../core/base/poll'
import { browserClock } from './clock'

/** A poll that ends with its component. */
export function usePoll(work: () => Promise<number | null>): Poll {
  const poll = new Poll(browserClock, work)
  onScopeDispose(() => poll.stop())
  return poll
}
