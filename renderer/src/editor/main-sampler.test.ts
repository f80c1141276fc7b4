import { expect, test } from 'vitest'
import type {
  Catalogue,
  InputDescription,
  NodeDescription,
} from '../../../engine/graph/catalogue.ts'
import { emptyDocument, type Graph, type GraphNode } from '../../../engine/graph/document.ts'
import { findMainSampler } from './main-sampler.ts'

const text: InputDescription = {
  name: 'text',
  type: 'STRING',
  optional: false,
  widget: { kind: 'text', default: '', multiline: true },
}
const seed: InputDescription = {
  name: 'seed',
  type: 'INT',
  optional: false,
  widget: { kind: 'int', default: 0, min: 0, max: 9, step: 1, seed: true },
}
const type = (name: string, inputs: InputDescription[]): NodeDescription => ({
  type: name,
  title: name,
  category: '',
  about: '',
  inputs,
  outputs: [],
  hidden: {},
  outputNode: false,
})
const catalogue: Catalogue = {
  CLIPTextEncode: type('CLIPTextEncode', [text]),
  PrimitiveString: type('PrimitiveString', [{ ...text, name: 'value' }]),
  ControlNetApply: type('ControlNetApply', []),
  KSampler: type('KSampler', [seed]),
}

const node = (id: string, type: string, inputs: string[], x = 0): GraphNode => ({
  id,
  type,
  x,
  y: 0,
  width: 200,
  height: 100,
  mode: 'always',
  inputs: inputs.map(name => ({ name, type: '*' })),
  outputs: [{ name: 'out', type: '*' }],
  values: {},
})

function graph(nodes: GraphNode[], links: [from: string, to: string, slot: number][]): Graph {
  return {
    ...emptyDocument(),
    nodes: Object.fromEntries(nodes.map(item => [item.id, item])),
    links: Object.fromEntries(
      links.map(([from, to, toSlot], index) => [
        String(index),
        { id: String(index), from, fromSlot: 0, to, toSlot, type: '*' },
      ]),
    ),
  }
}

test('the text behind the positive input, not the negative one', () => {
  const found = findMainSampler(
    graph(
      [
        node('neg', 'CLIPTextEncode', []),
        node('pos', 'CLIPTextEncode', []),
        node('k', 'KSampler', ['positive', 'negative']),
      ],
      [
        ['pos', 'k', 0],
        ['neg', 'k', 1],
      ],
    ),
    catalogue,
  )
  expect(found).toEqual({
    prompt: { node: 'pos', name: 'text' },
    seed: { node: 'k', name: 'seed' },
  })
})

test('through a control net, to a text that is linked in', () => {
  const found = findMainSampler(
    graph(
      [
        node('words', 'PrimitiveString', []),
        node('pos', 'CLIPTextEncode', ['text']),
        node('net', 'ControlNetApply', ['positive', 'image']),
        node('k', 'KSampler', ['positive']),
      ],
      [
        ['words', 'pos', 0],
        ['pos', 'net', 0],
        ['net', 'k', 0],
      ],
    ),
    catalogue,
  )
  expect(found.prompt).toEqual({ node: 'words', name: 'value' })
})

test('of two samplers, the first in reading order', () => {
  const found = findMainSampler(
    graph(
      [
        node('second', 'KSampler', ['positive'], 900),
        node('first', 'KSampler', ['positive'], 100),
        node('pos', 'CLIPTextEncode', []),
      ],
      [
        ['pos', 'first', 0],
        ['pos', 'second', 0],
      ],
    ),
    catalogue,
  )
  expect(found.seed).toEqual({ node: 'first', name: 'seed' })
})

test('a workflow without a sampler has neither, and a loop ends', () => {
  expect(findMainSampler(graph([node('a', 'SaveImage', [])], []), catalogue)).toEqual({})
  const loop = graph(
    [node('a', 'ControlNetApply', ['positive']), node('k', 'KSampler', ['positive'])],
    [
      ['a', 'a', 0],
      ['a', 'k', 0],
    ],
  )
  expect(findMainSampler(loop, catalogue).prompt).toBeUndefined()
})
