/** The requests about links that share a resource, and their addresses. */
import type { RestClient } from '../base/rest'
import type { ShareLinkList, ShareLinkMade, ShareLinkMake } from '../base/wire'

const linksOf = (id: string): string => `/api/resources/${encodeURIComponent(id)}/share-links`

/**
 * The address of a page that opens at a time. A token stands behind the `#`, so that no server, proxy or
 * referrer is told of it.
 */
export function shareAddress(base: string, id: string, atS: number, token = ''): string {
  const at = atS >= 1 ? `?t=${Math.floor(atS)}` : ''
  return `${base}/library/${encodeURIComponent(id)}${at}${token === '' ? '' : `#s=${token}`}`
}

/** The token in an address's hash; null if there is none. */
export function tokenIn(hash: string): string | null {
  return /^#(?:.*&)?s=([\w-]+)(?:&|$)/.exec(hash)?.[1] ?? null
}

export class SharingApi {
  constructor(private readonly rest: Pick<RestClient, 'call'>) {}

  links(id: string): Promise<ShareLinkList> {
    return this.rest.call('GET', linksOf(id))
  }

  make(id: string, body: ShareLinkMake): Promise<ShareLinkMade> {
    return this.rest.call('POST', linksOf(id), body)
  }

  revoke(id: string, linkId: string): Promise<ShareLinkList> {
    return this.rest.call('POST', `${linksOf(id)}/${encodeURIComponent(linkId)}/revoke`)
  }

  /** Follows a link: the browser has a ticket for the resource then. */
  open(id: string, token: string): Promise<void> {
    return this.rest.call('POST', `/api/library/${encodeURIComponent(id)}/link`, { token })
  }
}
