import { expect, test } from 'vitest'
import { type Document, emptyDocument, type GraphNode, type Subgraph } from './document.ts'
import { instancePrefixes } from './instances.ts'

const node = (id: string, type: string): GraphNode => ({
  id,
  type,
  x: 0,
  y: 0,
  width: 1,
  height: 1,
  mode: 'always',
  inputs: [],
  outputs: [],
  values: {},
})
const nodes = (...list: GraphNode[]) => Object.fromEntries(list.map(one => [one.id, one]))
const subgraph = (id: string, ...list: GraphNode[]): Subgraph => ({
  id,
  name: id,
  nodes: nodes(...list),
  links: {},
  groups: [],
  inputs: [],
  outputs: [],
})

test('the inside of a subgraph has a prefix for each use, nested ones too', () => {
  const document: Document = {
    ...emptyDocument(),
    nodes: nodes(node('1', 'KSampler'), node('2', 'inner'), node('3', 'outer')),
    subgraphs: {
      inner: subgraph('inner', node('5', 'KSampler')),
      outer: subgraph('outer', node('7', 'inner'), node('8', 'inner')),
    },
  }
  expect(instancePrefixes(document, null)).toEqual([''])
  expect(instancePrefixes(document, 'inner')).toEqual(['2:', '3:7:', '3:8:'])
  expect(instancePrefixes(document, 'outer')).toEqual(['3:'])
  expect(instancePrefixes(document, 'inner')).toBe(instancePrefixes(document, 'inner'))
})

test('a subgraph that holds itself ends the search', () => {
  const document: Document = {
    ...emptyDocument(),
    nodes: nodes(node('1', 'a')),
    subgraphs: {
      a: subgraph('a', node('2', 'a'), node('3', 'b')),
      b: subgraph('b', node('4', 'a')),
    },
  }
  expect(instancePrefixes(document, 'b').length).toBeLessThanOrEqual(64)
})
