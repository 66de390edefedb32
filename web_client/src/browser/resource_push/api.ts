/** The requests of 资源推送, as the person or terminal of this page. */
import { PushedApi } from '../../core/resource_push/pushed_api'
import { rest } from '../identity/identity'

export const pushed = new PushedApi(rest)
