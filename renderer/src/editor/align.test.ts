import { expect, test } from 'vitest'
import { align, spread } from './align.ts'

const boxes = [
  { id: 'a', x: 0, y: 10, width: 100, height: 50 },
  { id: 'b', x: 400, y: 0, width: 50, height: 80 },
  { id: 'c', x: 150, y: 90, width: 200, height: 20 },
]

test('boxes go to the line of the outermost', () => {
  expect(align(boxes, 'left')).toEqual({
    a: { x: 0, y: 10 },
    b: { x: 0, y: 0 },
    c: { x: 0, y: 90 },
  })
  expect(align(boxes, 'right').c).toEqual({ x: 250, y: 90 })
  expect(align(boxes, 'top').c).toEqual({ x: 150, y: 0 })
  expect(align(boxes, 'bottom').a).toEqual({ x: 0, y: 60 })
})

test('spreading keeps the ends and makes the gaps equal', () => {
  expect(spread(boxes, 'across')).toEqual({
    a: { x: 0, y: 10 },
    c: { x: 150, y: 90 },
    b: { x: 400, y: 0 },
  })
  const wide = spread([...boxes, { id: 'd', x: 380, y: 0, width: 20, height: 9 }], 'across')
  expect([wide.a!.x, wide.c!.x, wide.d!.x, wide.b!.x]).toEqual([0, 127, 353, 400])
})

test('boxes that overlap are pushed apart', () => {
  const piled = boxes.map(box => ({ ...box, y: 0 }))
  const { a, b, c } = spread(piled, 'down')
  expect([a!.y, b!.y, c!.y].sort((x, y) => x - y)).toEqual([0, 74, 178])
  expect(spread([], 'down')).toEqual({})
})
