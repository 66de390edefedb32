import { FilesApi } from '../../core/files/files_api'
import { basePath } from '../base/base_path'
import { rest } from '../identity/identity'
import { TusTransfer } from './tus_transfer'

export const filesApi = new FilesApi(rest, basePath)

export const fileTransfer = new TusTransfer(`${basePath}/api/files`, () => ({
  'X-Tongke-As': rest.signedInAs,
  ...(rest.csrfToken !== null && { 'X-CSRF-Token': rest.csrfToken }),
}))
