/** The layout of a wall of rooms: pages of equal tiles with readable names, and a stage beside or above them. */

export const GAP = 10 // px between tiles
export const FOOT_HEIGHT = 54 // px: the name's line and the link's
export const NAME_WIDTH = 150 // px: 「石桥教学点」 with a hand and a button's icon beside it
const PICTURE_HEIGHT = 76 // px: below it nobody sees who sits there
export const BAR_HEIGHT = 46 // px: pages and search above the tiles, with the space below them
const RATIO = 16 / 9
const TALLEST = 3 / 4 // of a picture's width: no camera's picture is higher

export interface Box {
  readonly width: number
  readonly height: number
}

export interface WallLayout {
  readonly columns: number
  readonly rows: number
  readonly tile: Box
  /** What is left of a tile for its picture; 0: names alone. */
  readonly pictureHeight: number
  readonly perPage: number
  readonly pages: number
}

/**
 * The layout for so many rooms: as many to a page as are allowed and can be seen, then as large as they can be.
 *
 * @param most rooms to a page: those beyond would have no slot for their picture.
 */
export function wallLayout(count: number, place: Box, most: number): WallLayout {
  const wanted = Math.max(1, Math.min(count, most))
  for (let perPage = wanted; perPage >= 1; perPage -= 1) {
    const found = largest(perPage, place)
    if (found !== null) return paged(found, count, perPage)
  }
  return paged(namesOnly(place, wanted), count, null)
}

type Grid = Pick<WallLayout, 'columns' | 'rows' | 'tile' | 'pictureHeight'>

/** The grid with the largest pictures for a full page; null where they would be too small. */
function largest(tiles: number, place: Box): Grid | null {
  let best: Grid | null = null
  for (let columns = 1; columns <= tiles; columns += 1) {
    const rows = Math.ceil(tiles / columns)
    const width = part(place.width, columns)
    const tile = { width, height: Math.min(part(place.height, rows), Math.floor(width * TALLEST) + FOOT_HEIGHT) }
    const pictureHeight = Math.floor(Math.min(tile.height - FOOT_HEIGHT, tile.width / RATIO))
    if (tile.width < NAME_WIDTH || pictureHeight < PICTURE_HEIGHT) continue
    if (best === null || pictureHeight > best.pictureHeight) best = { columns, rows, tile, pictureHeight }
  }
  return best
}

/** A grid of names alone, for a place without room for one picture; it has at least one tile. */
function namesOnly(place: Box, wanted: number): Grid {
  const columns = Math.max(1, Math.min(wanted, Math.floor((place.width + GAP) / (NAME_WIDTH + GAP))))
  const fitting = Math.floor((place.height + GAP) / (FOOT_HEIGHT + GAP))
  const rows = Math.max(1, Math.min(Math.ceil(wanted / columns), fitting))
  return { columns, rows, tile: { width: part(place.width, columns), height: FOOT_HEIGHT }, pictureHeight: 0 }
}

function paged(grid: Grid, count: number, full: number | null): WallLayout {
  const perPage = full ?? Math.max(1, grid.columns * grid.rows)
  const pages = Math.max(1, Math.ceil(count / perPage))
  return { ...grid, perPage, pages }
}

/** One of so many equal parts with gaps between them, in whole pixels. */
function part(length: number, parts: number): number {
  return Math.max(0, Math.floor((length - GAP * (parts - 1)) / parts))
}

/** The place left for tiles. A bar with pages stands above them when not all rooms are in view at once. */
export function tilesPlace(count: number, place: Box, most: number): { readonly bar: boolean; readonly tiles: Box } {
  const bar = wallLayout(count, place, most).pages > 1
  return { bar, tiles: bar ? { ...place, height: Math.max(0, place.height - BAR_HEIGHT) } : place }
}

export interface StageLayout {
  readonly beside: boolean
  /** The stage's picture with its frame, and what is left for the wall. */
  readonly stage: Box
  readonly wall: Box
}

const STAGE_PARTS = [0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5]
const WORTH_STAGE = 0.55 // of the largest stage that is possible: more rooms are not worth a smaller one

/**
 * The stage's place: as many rooms stay in view as a large stage allows, and the stage is as large as it can be then.
 *
 * @param ratio width to height of what stands on it.
 */
export function stageLayout(count: number, place: Box, most: number, ratio = RATIO): StageLayout {
  const splits = STAGE_PARTS.flatMap((share) => [below(place, share), beside(place, share)])
  const rated = splits.map((split) => ({
    split,
    area: pictureArea(split.stage, ratio),
    seen: seen(wallLayout(count, tilesPlace(count, split.wall, most).tiles, most), count),
  }))
  const largestArea = Math.max(...rated.map((one) => one.area))
  const fair = rated.filter((one) => one.area >= largestArea * WORTH_STAGE && one.seen > 0)
  const best = (fair.length > 0 ? fair : rated).reduce((a, b) =>
    b.seen > a.seen || (b.seen === a.seen && b.area > a.area) ? b : a,
  )
  return best.split
}

/** The number of rooms in view with their pictures. */
function seen(layout: WallLayout, count: number): number {
  return layout.pictureHeight > 0 ? Math.min(count, layout.perPage) : 0
}

function below({ width, height }: Box, share: number): StageLayout {
  const stage = { width, height: Math.floor((height - GAP) * share) }
  return { beside: false, stage, wall: { width, height: height - GAP - stage.height } }
}

function beside({ width, height }: Box, share: number): StageLayout {
  const stage = { width: Math.floor((width - GAP) * share), height }
  return { beside: true, stage, wall: { width: width - GAP - stage.width, height } }
}

function pictureArea({ width, height }: Box, ratio: number): number {
  const shown = Math.min(height, width / ratio)
  return shown * shown * ratio
}

/** The page that holds a room, or the nearest there is, when the rooms or the layout changed. */
export function pageWithin(page: number, layout: Pick<WallLayout, 'pages'>): number {
  return Math.max(0, Math.min(page, layout.pages - 1))
}
