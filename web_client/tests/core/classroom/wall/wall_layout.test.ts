import { describe, expect, it } from 'vitest'
import type { Box, WallLayout } from '../../../../src/core/classroom/wall/wall_layout'
import { FOOT_HEIGHT, GAP, NAME_WIDTH, pageWithin, stageLayout, tilesPlace, wallLayout } from '../../../../src/core/classroom/wall/wall_layout'

const SMALL = { width: 774, height: 682 } // what the panels leave at 1366 × 768
const LARGE = { width: 1148, height: 986 } // at 1920 × 1080
const MOST = 9

const shape = ({ columns, rows, pages }: WallLayout) => `${columns}×${rows} ×${pages}`

describe('the wall', () => {
  it.each([
    [1, SMALL, '1×1 ×1'],
    [2, SMALL, '1×2 ×1'],
    [3, SMALL, '2×2 ×1'],
    [8, SMALL, '3×3 ×1'],
    [12, SMALL, '3×3 ×2'],
    [30, SMALL, '3×3 ×4'],
    [60, SMALL, '3×3 ×7'],
    [1, LARGE, '1×1 ×1'],
    [2, LARGE, '1×2 ×1'],
    [3, LARGE, '2×2 ×1'],
    [8, LARGE, '3×3 ×1'],
    [12, LARGE, '3×3 ×2'],
    [60, LARGE, '3×3 ×7'],
  ])('of %i rooms in %o is %s', (count, place, expected) => {
    expect(shape(wallLayout(count, place, MOST))).toBe(expected)
  })

  it('never overflows, and never has a name that cannot be read', () => {
    for (let count = 0; count <= 64; count += 1) {
      for (let width = NAME_WIDTH; width <= 2600; width += 73) {
        for (let height = FOOT_HEIGHT; height <= 1500; height += 61) fits(wallLayout(count, { width, height }, MOST), { width, height }, count)
      }
    }
  })

  it('leaves the stage most of the place, and the wall readable', () => {
    for (let count = 1; count <= 64; count += 9) {
      for (let width = 500; width <= 2600; width += 187) {
        for (let height = 380; height <= 1500; height += 123) {
          const { beside, stage, wall } = stageLayout(count, { width, height }, MOST)
          if (beside) expect([stage.width + GAP + wall.width, stage.height, wall.height]).toEqual([width, height, height])
          else expect([stage.height + GAP + wall.height, stage.width, wall.width]).toEqual([height, width, width])
          const { tiles } = tilesPlace(count, wall, MOST)
          fits(wallLayout(count, tiles, MOST), tiles, count)
          expect(stage.width * stage.height).toBeGreaterThan(0.45 * width * height)
        }
      }
    }
  })

  it.each([
    [1, SMALL, 1],
    [3, SMALL, 3],
    [8, SMALL, 8],
    [12, SMALL, 8],
    [60, SMALL, 8],
    [8, LARGE, 8],
    [60, LARGE, 8],
  ])('shows beside a stage of %i rooms in %o at least %i', (count, place, least) => {
    const { wall } = stageLayout(count, place, MOST)
    const layout = wallLayout(count, tilesPlace(count, wall, MOST).tiles, MOST)
    expect(Math.min(count, layout.perPage)).toBeGreaterThanOrEqual(least)
    expect(layout.pictureHeight).toBeGreaterThan(0)
  })

  it('stays on a page that there is', () => {
    expect([pageWithin(6, { pages: 3 }), pageWithin(-1, { pages: 3 }), pageWithin(1, { pages: 3 })]).toEqual([2, 0, 1])
  })
})

function fits(layout: WallLayout, place: Box, count: number): void {
  const { columns, rows, tile, pictureHeight, perPage, pages } = layout
  const told = `${count} in ${place.width}×${place.height}: ${JSON.stringify(layout)}`
  if (columns * tile.width + GAP * (columns - 1) > place.width) throw new Error(`too wide: ${told}`)
  if (rows * tile.height + GAP * (rows - 1) > place.height) throw new Error(`too high: ${told}`)
  if (tile.width < NAME_WIDTH || tile.height - pictureHeight < FOOT_HEIGHT) throw new Error(`no name: ${told}`)
  if (perPage > MOST || perPage > columns * rows || pages * perPage < count) throw new Error(`lost rooms: ${told}`)
}
