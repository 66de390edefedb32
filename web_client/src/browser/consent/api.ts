/** The requests about consent, as the person who is signed in. */
import { ConsentApi, pageUrl } from '../../core/consent/consent_api'
import { basePath } from '../base/base_path'
import { rest } from '../identity/identity'

export const consents = new ConsentApi(rest)
export const consentPageUrl = (consentId: string, fileId: string): string => pageUrl(basePath, consentId, fileId)
