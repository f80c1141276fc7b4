import { expect, test } from 'vitest'
import type { NodeDescription } from '../../../engine/graph/catalogue.ts'
import type { GraphNode } from '../../../engine/graph/document.ts'
import { layOutCard, titleHeight } from './card-layout.ts'

const description: NodeDescription = {
  type: 'T',
  title: 'T',
  category: '',
  about: '',
  inputs: [
    { name: 'image', type: 'IMAGE', optional: false },
    {
      name: 'steps',
      type: 'INT',
      optional: false,
      widget: { kind: 'int', default: 20, min: 1, max: 100, step: 1 },
    },
    {
      name: 'eta',
      type: 'FLOAT',
      optional: false,
      advanced: true,
      widget: { kind: 'float', default: 0, min: 0, max: 1, step: 0.1 },
    },
  ],
  outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
  hidden: {},
  outputNode: false,
}

const node: GraphNode = {
  id: '1',
  type: 'T',
  x: 0,
  y: 0,
  width: 300,
  height: 500,
  mode: 'always',
  inputs: [
    { name: 'image', type: 'IMAGE' },
    { name: 'steps', type: 'INT', widget: 'steps' },
  ],
  outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
  values: { steps: 20, eta: 0 },
}
const none = new Set<string>()
const names = (layout: ReturnType<typeof layOutCard>) => layout.widgets.map(({ name }) => name)

test('every socket lies on the card, widget sockets on their rows', () => {
  const layout = layOutCard(node, description, none)
  expect(layout.sockets.map(({ handle }) => handle)).toEqual(['i:image', 'o:0', 'i:steps'])
  for (const { y } of layout.sockets) {
    expect(y).toBeGreaterThan(titleHeight)
    expect(y).toBeLessThan(layout.height)
  }
})

test('an advanced widget shows only when it says something', () => {
  expect(names(layOutCard(node, description, none))).toEqual(['steps'])
  expect(layOutCard(node, description, none).folded).toBe(1)
  const changed = { ...node, values: { ...node.values, eta: 0.5 } }
  expect(names(layOutCard(changed, description, none))).toEqual(['steps', 'eta'])
  expect(names(layOutCard(node, description, new Set(['eta'])))).toEqual(['steps', 'eta'])
})

test('nothing stretches a card that has neither text nor picture', () => {
  expect(layOutCard(node, description, none).height).toBeLessThan(200)
})

test('an output node with pictures keeps the height of the file for them', () => {
  const layout = layOutCard(node, { ...description, outputNode: true }, none)
  expect(layout.height).toBe(500 + titleHeight)
  expect(layout.well!.y + layout.well!.height).toBeLessThan(layout.height)
  expect(layout.well!.height).toBeGreaterThan(300)
})

test('an unknown type keeps its sockets and shows its values', () => {
  const layout = layOutCard(node, undefined, none)
  expect(layout.kind).toBe('missing')
  expect(layout.kept.map(({ name }) => name)).toEqual(['steps', 'eta'])
})

test('a folded card keeps every socket, in the middle of its sides', () => {
  const layout = layOutCard({ ...node, collapsed: true }, description, none)
  expect(layout.height).toBe(titleHeight)
  expect(new Set(layout.sockets.map(({ y }) => y))).toEqual(new Set([titleHeight / 2]))
})

test('a node that shows masks has room for them, as one that shows pictures', () => {
  const shows = (type: string) =>
    layOutCard(
      { ...node, type: 'Shows', inputs: [{ name: 'in', type }], outputs: [] },
      { ...description, inputs: [{ name: 'in', type, optional: false }], outputNode: true },
      new Set(),
    ).well?.holds
  expect([shows('MASK'), shows('IMAGE'), shows('LATENT')]).toEqual([
    'pictures',
    'pictures',
    undefined,
  ])
})
