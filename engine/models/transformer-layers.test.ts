// The layers as graphics cards compute them give what the CPU's own operators give.
import { expect, test } from 'vitest'
import { profiles } from '../inference/layers.ts'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSession } from '../inference/session.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { difference } from './fixtures/goldens.ts'
import { ropeTables } from './rope.ts'
import { TransformerLayers } from './transformer-layers.ts'

const none: Weights = { file: '/none', tensors: new Map(), metadata: {} }
const [heads, keyHeads, width, tokens] = [4, 2, 8, 5]

/** Numbers that differ, without pattern. */
const numbers = (...shape: number[]): Tensor => {
  const out = tensor(shape)
  return tensor(
    shape,
    out.data.map((_, i) => Math.sin(1 + i * 12.9898) * 2),
  )
}

async function attend(provider: 'cpu' | 'webgpu', biased: boolean): Promise<Tensor> {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, none, profiles[provider])
  const input = (name: string, ...dims: (string | number)[]) =>
    graph.input(name, DataType.float, dims)
  const rotation = {
    cos: input('cos', 'S', width / 2),
    sin: input('sin', 'S', width / 2),
    interleaved: true,
  }
  const q = layers.rotate(input('q', 1, 'S', heads * width), rotation)
  const k = layers.rotate(input('k', 1, 'S', keyHeads * width), rotation)
  const v = input('v', 1, 'S', keyHeads * width)
  const bias = biased ? input('bias', 1, heads, 'S', 'S') : undefined
  const mixed = layers.attend([q, k, v], { heads, keyHeads, width, bias })
  graph.output('out', mixed, [1, 'S', heads * width])
  const session = await openSession(graph)
  const positions = Array.from({ length: tokens }, (_, i) => [i])
  const feeds = {
    q: numbers(1, tokens, heads * width),
    k: numbers(1, tokens, keyHeads * width),
    v: numbers(1, tokens, keyHeads * width),
    ...ropeTables(positions, [width], 10_000),
    ...(biased && { bias: numbers(1, heads, tokens, tokens) }),
  }
  const { out } = await session.run(feeds)
  await session.release()
  return out!
}

test.each([false, true])('shared keys, turned by place, biased: %s', async biased => {
  const wanted = await attend('cpu', biased)
  expectClose(await attend('webgpu', biased), wanted, 1e-5)
})

test('a bias changes what is attended to', async () => {
  expect(difference(await attend('cpu', true), await attend('cpu', false))).toBeGreaterThan(0.01)
})
