import { expect, test } from 'vitest'
import { boxAround, isInside } from './group-box.ts'

const card = (x: number, y: number) => ({ position: { x, y }, width: 100, height: 50 })

test('the box has room for its title, and holds the cards it was made for', () => {
  const cards = [card(0, 0), card(300, 200)]
  const box = boxAround(cards)!
  expect(box).toEqual({ x: -16, y: -50, width: 432, height: 316 })
  expect(cards.every(one => isInside(one, box))).toBe(true)
  expect(boxAround([])).toBeUndefined()
})

test('a card belongs to a group when its middle lies in it', () => {
  const area = { x: 0, y: 0, width: 100, height: 100 }
  expect(isInside(card(40, 40), area)).toBe(true)
  expect(isInside(card(60, 40), area)).toBe(false)
})
