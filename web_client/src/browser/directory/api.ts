import { DirectoryApi } from '../../core/directory/directory_api'
import { rest } from '../identity/identity'

export const directoryApi = new DirectoryApi(rest)
