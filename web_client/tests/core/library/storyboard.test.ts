import { expect, it } from 'vitest'
import { filmOf, pictureAt, storyboardOf } from '../../../src/core/library/storyboard'

const TEXT = `WEBVTT

00:00:00.000 --> 00:00:10.000
a.jpg#xywh=0,0,160,90

00:00:10.000 --> 00:00:20.000
a.jpg#xywh=160,0,160,90

01:00:00.000 --> 01:00:04.500
b.jpg#xywh=0,90,160,90
`

it('reads the pictures, whose sheets lie beside the file', () => {
  const pictures = storyboardOf(TEXT, '/media/recordings/r1/x-storyboard.vtt')
  expect(pictures).toHaveLength(3)
  expect(pictures[1]).toEqual({
    startS: 10,
    endS: 20,
    url: '/media/recordings/r1/a.jpg',
    left: 160,
    top: 0,
    width: 160,
    height: 90,
  })
  expect(pictures[2]?.startS).toBe(3600)
})

it('finds the picture of a moment, and none in a hole', () => {
  const pictures = storyboardOf(TEXT, 'x.vtt')
  expect(pictureAt(pictures, 0)?.left).toBe(0)
  expect(pictureAt(pictures, 19.99)?.left).toBe(160)
  expect(pictureAt(pictures, 20)).toBeNull()
  expect(pictureAt(pictures, 3604.4)?.url).toBe('b.jpg')
  expect(pictureAt(pictures, 3604.5)).toBeNull()
  expect(pictureAt([], 5)).toBeNull()
})

it('passes over what is no cue, and what leads elsewhere', () => {
  for (const part of ['https://other.example/a.jpg#xywh=0,0,1,1', '../a.jpg#xywh=0,0,1,1', 'a.jpg', 'a.jpg#xywh=0,0,0,9']) {
    expect(storyboardOf(`WEBVTT\n\n00:00:00.000 --> 00:00:10.000\n${part}\n`, '/m/x.vtt')).toEqual([])
  }
  expect(storyboardOf('', 'x.vtt')).toEqual([])
})

it('makes a film strip of equal parts, with holes where there is no picture', () => {
  const pictures = storyboardOf(TEXT, 'x.vtt')
  expect(filmOf(pictures, 40, 4).map((one) => one?.left ?? null)).toEqual([0, 160, null, null])
  expect(filmOf(pictures, 20, 4).map((one) => one?.left)).toEqual([0, 0, 160, 160]) // more tiles than pictures
  expect(filmOf([], 7200, 2)).toEqual([null, null])
  expect(filmOf(pictures, 40, 0)).toEqual([])
})
