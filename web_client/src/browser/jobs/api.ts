import { JobsApi } from '../../core/jobs/jobs_api'
import { rest } from '../identity/identity'

export const jobsApi = new JobsApi(rest)
