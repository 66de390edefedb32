/** The APIs of resources and of the library on this page. */
import { FiguresApi } from '../../core/library/figures_api'
import { CaptionsApi } from '../../core/library/captions_api'
import { CatalogueApi } from '../../core/library/catalogue_api'
import { ExchangeApi } from '../../core/library/exchange_api'
import { FilmsApi } from '../../core/library/films_api'
import { PublicationsApi } from '../../core/library/publications_api'
import { PublishedApi } from '../../core/library/published_api'
import { RecommendationsApi } from '../../core/library/recommendations_api'
import { RetentionApi } from '../../core/library/retention_api'
import { ResourcesApi, ReviewsApi } from '../../core/library/resources_api'
import { SharingApi } from '../../core/library/sharing_api'
import { SeriesApi } from '../../core/library/series_api'
import { rest } from '../identity/identity'

export const resources = new ResourcesApi(rest)
export const reviews = new ReviewsApi(rest)
export const captions = new CaptionsApi(rest)
export const publications = new PublicationsApi(rest)
export const published = new PublishedApi(rest)
export const recommendations = new RecommendationsApi(rest)
export const series = new SeriesApi(rest)
export const figures = new FiguresApi(rest)
export const exchange = new ExchangeApi(rest)
export const films = new FilmsApi(rest)
export const retention = new RetentionApi(rest)
export const sharing = new SharingApi(rest)
export const catalogue = new CatalogueApi(rest)
