import { expect, test } from 'vitest'
import {
  type GraphNode,
  type Subgraph,
  subgraphInputId,
  subgraphOutputId,
} from '../../../engine/graph/document.ts'
import { flowEdges, flowNodes } from './flow-elements.ts'
import { portCards } from './subgraph-ports.ts'

const blur: GraphNode = {
  id: '5',
  type: 'ImageBlur',
  x: 400,
  y: 100,
  width: 280,
  height: 100,
  mode: 'always',
  inputs: [{ name: 'image', type: 'IMAGE' }],
  outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
  values: {},
}

const subgraph: Subgraph = {
  id: 'soft',
  name: 'Soft',
  inputs: [{ id: 'a', name: 'photo', type: 'IMAGE' }],
  outputs: [{ id: 'b', name: 'soft', type: 'IMAGE' }],
  nodes: { '5': blur },
  links: {
    '1': { id: '1', from: subgraphInputId, fromSlot: 0, to: '5', toSlot: 0, type: 'IMAGE' },
    '2': { id: '2', from: '5', fromSlot: 0, to: subgraphOutputId, toSlot: 0, type: 'IMAGE' },
  },
  groups: [],
  rest: { inputNode: { bounding: [100, 80, 120, 60] } },
}

test('links to both ends of a subgraph are drawn', () => {
  const edges = flowEdges(subgraph, new Set())
  expect(edges.map(({ source, target, targetHandle }) => [source, target, targetHandle])).toEqual([
    [subgraphInputId, '5', 'i:image'],
    ['5', subgraphOutputId, 'i:soft'],
  ])
  const nodes = flowNodes(subgraph, () => undefined, new Set(), {}, false)
  expect(nodes.map(({ id, data }) => [id, data.layout.kind])).toContainEqual([
    subgraphOutputId,
    'ports',
  ])
})

test('the ends stand where the file says, and beside the cards where it does not', () => {
  const [entrance, exit] = portCards(subgraph)
  expect(entrance!.x + entrance!.width).toBe(220)
  expect(exit!.x).toBeGreaterThan(blur.x + blur.width)
})

test('the ends stay the same objects while cards move between them', () => {
  const moved = { ...subgraph, nodes: { '5': { ...blur, y: 300 } } }
  expect(portCards(moved)[0]).toBe(portCards(subgraph)[0])
})

test('a root canvas has no ends', () => {
  expect(portCards({ nodes: {}, links: {}, groups: [] })).toEqual([])
})
