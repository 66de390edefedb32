/** A page's media endpoints and tokens: asked for once for all that need one, and again when spent. */
import type { Clock } from '../base/clock'
import type { MediaAccess, MediaEndpoint } from '../base/wire'

const SPARE_MS = 10_000 // a token this close to its end is not used any more
const STILL_FRESH_MS = 1000 // several sessions that were refused together share the next answer

export type Grant = keyof MediaAccess

interface Asked {
  readonly askedAt: number
  readonly access: Promise<MediaAccess>
}

export class MediaGrants {
  private asked: Asked | null = null

  /**
   * @param ask requests new tokens.
   * @param serverNow what time it is at the server.
   */
  constructor(
    private readonly clock: Clock,
    private readonly ask: () => Promise<MediaAccess>,
    private readonly serverNow: () => number,
  ) {}

  /** The endpoint for one purpose, null where it is not granted; `fresh` refuses remembered tokens. */
  async endpoint(grant: Grant, fresh: boolean): Promise<MediaEndpoint | null> {
    const endpoint = (await this.access(fresh))[grant]
    if (endpoint === null || !this.isSpent(endpoint)) return endpoint
    return (await this.access(true))[grant]
  }

  /** Tokens that somebody asked for already, unless some are known. */
  know(access: Promise<MediaAccess>): void {
    if (this.asked === null) this.remember({ askedAt: -Infinity, access })
  }

  forget(): void {
    this.asked = null
  }

  private access(fresh: boolean): Promise<MediaAccess> {
    const now = this.clock.now()
    const { asked } = this
    if (asked !== null && (!fresh || now - asked.askedAt < STILL_FRESH_MS)) return asked.access
    return this.remember({ askedAt: now, access: this.ask() })
  }

  private remember(request: Asked): Promise<MediaAccess> {
    this.asked = request
    request.access.catch(() => {
      if (this.asked === request) this.asked = null
    })
    return request.access
  }

  private isSpent(endpoint: MediaEndpoint): boolean {
    return Date.parse(endpoint.expires_at) - SPARE_MS < this.serverNow()
  }
}
