// Which cards a group holds, and the box around some cards. Canvas units.
import { canvasFlow } from './canvas-state.ts'
import type { CardNode } from './flow-elements.ts'

export interface Area {
  x: number
  y: number
  width: number
  height: number
}

type Card = Pick<CardNode, 'position' | 'width' | 'height'>

const margin = 16
const titleHeight = 34

/** With room for the group's title; undefined without cards. */
export function boxAround(cards: readonly Card[]): Area | undefined {
  if (cards.length === 0) return undefined
  const left = Math.min(...cards.map(({ position }) => position.x)) - margin
  const top = Math.min(...cards.map(({ position }) => position.y)) - margin - titleHeight
  const right = Math.max(...cards.map(({ position, width = 0 }) => position.x + width)) + margin
  const bottom = Math.max(...cards.map(({ position, height = 0 }) => position.y + height)) + margin
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** Whether the card's middle lies in the area. */
export function isInside({ position, width = 0, height = 0 }: Card, area: Area): boolean {
  const x = position.x + width / 2
  const y = position.y + height / 2
  return x > area.x && x < area.x + area.width && y > area.y && y < area.y + area.height
}

/** Cards on the canvas that lie in the group and can be moved. */
export const cardsInside = (area: Area): CardNode[] =>
  (canvasFlow()?.getNodes() ?? []).filter(card => card.draggable !== false && isInside(card, area))
