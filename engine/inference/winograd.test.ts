// The fast convolutions against onnxruntime's own, pixel by pixel.
import { expect, test } from 'vitest'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { DataType, OnnxGraph, type Value } from './onnx-graph.ts'
import { openSession } from './session.ts'
import { doubled, type FastConvOptions, fastConv, pays, sameSize } from './winograd.ts'

/** Noise in -1..1 that is the same everywhere. */
function noise(shape: readonly number[], seed: number): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const mixed = Math.imul(i + seed, 0x9e3779b1)
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) / 2 ** 31
  })
  return tensor(shape, data)
}

async function compute(
  build: (graph: OnnxGraph, x: Value, w: Value) => Value,
  x: Tensor,
  w: Tensor,
) {
  const graph = new OnnxGraph()
  const picture = graph.input('x', DataType.float, ['B', x.shape[1]!, 'H', 'W'])
  const out = build(graph, picture, graph.input('w', DataType.float, w.shape))
  graph.output('out', out, ['B', w.shape[0]!, 'h', 'w'])
  const session = await openSession(graph, { threads: 1 })
  const result = (await session.run({ x, w })).out!
  await session.release()
  return result
}

const direct = (graph: OnnxGraph, x: Value, w: Value) =>
  graph.op('Conv', [x, w], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })

const scales = (graph: OnnxGraph) => graph.floats('scales', [4], Float32Array.of(1, 1, 2, 2))
const doubledFirst = (graph: OnnxGraph, x: Value, w: Value) =>
  direct(graph, graph.op('Resize', [x, '', scales(graph)], { mode: 'nearest' }), w)

const outputs = 5
const inputs = 7
const fast = (options: Omit<FastConvOptions, 'size'>) => (graph: OnnxGraph, x: Value, w: Value) =>
  fastConv(graph, x, () => [w], { size: [outputs, inputs], ...options })

/** Errors relative to the largest value. */
async function expectEqual(
  shape: readonly number[],
  options: Omit<FastConvOptions, 'size'>,
  reference: typeof direct,
) {
  const x = noise(shape, 3)
  const w = noise([outputs, inputs, 3, 3], 100)
  const expected = await compute(reference, x, w)
  expectClose(await compute(fast(options), x, w), expected)
}

function expectClose(got: Tensor, expected: Tensor) {
  expect(got.shape).toEqual(expected.shape)
  const largest = expected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const worst = got.data.reduce(
    (max, value, i) => Math.max(max, Math.abs(value - expected.data[i]!)),
    0,
  )
  expect(largest).toBeGreaterThan(1)
  expect(worst / largest).toBeLessThan(5e-6)
}

const sizes = [
  [1, 1],
  [4, 4],
  [5, 3],
  [2, 9],
  [17, 30],
  [64, 40],
] as const
test.each(sizes)('a picture of %i × %i pixels, two of them', async (height, width) => {
  await expectEqual([2, inputs, height, width], { algorithm: sameSize, edge: 64 }, direct)
})

test.each(sizes)('pictures of %i × %i pixels that come in batches', async (height, width) => {
  const picture = { edge: 64, count: 2 }
  for (const batch of [1, 3]) {
    const shape = [batch, inputs, height, width]
    await expectEqual(shape, { ...picture, algorithm: sameSize }, direct)
    await expectEqual(shape, { ...picture, algorithm: doubled }, doubledFirst)
  }
})

test.each(sizes)('doubled, of %i × %i pixels', async (height, width) => {
  await expectEqual([2, inputs, height, width], { algorithm: doubled, edge: 64 }, doubledFirst)
})

test.each([
  [4, 4],
  [64, 12],
])('a whole picture of %i × %i pixels', async (height, width) => {
  const shape = [2, inputs, height, width]
  const picture = { edge: 64, whole: true }
  await expectEqual(shape, { ...picture, algorithm: sameSize }, direct)
  await expectEqual(shape, { ...picture, algorithm: doubled }, doubledFirst)
})

test('large pictures are computed in bands', async () => {
  const picture = { edge: 8192, whole: true, tall: true }
  for (const height of [32, 44, 64]) {
    const shape = [2, inputs, height, 16]
    await expectEqual(shape, { ...picture, algorithm: sameSize }, direct)
    await expectEqual(shape, { ...picture, algorithm: doubled }, doubledFirst)
  }
  const graph = new OnnxGraph()
  fastConv(graph, 'x', () => ['w'], { ...picture, size: [outputs, inputs], algorithm: sameSize })
  expect(graph.nodes.filter(node => node.type === 'Conv')).toHaveLength(8)
})

test('many channels: kernels are turned in parts', async () => {
  const size = [450, 520] as const
  const x = noise([1, size[1], 6, 6], 3)
  const w = noise([...size, 3, 3], 100)
  const options = { size, edge: 6, algorithm: sameSize }
  const inParts = (graph: OnnxGraph, x: Value, w: Value) => {
    const split = (channels: number) => {
      const sizes = [channels, size[0] - channels]
      return graph.ops('Split', [w, graph.ints(sizes)], { axis: 0 }, sizes.length)
    }
    return fastConv(graph, x, split, options)
  }
  expectClose(await compute(inParts, x, w), await compute(direct, x, w))
  const graph = new OnnxGraph()
  inParts(graph, 'x', 'w')
  expect(graph.nodes.filter(node => node.type === 'Gemm')).toHaveLength(2)
})

test('pays with many channels and many pixels; less so with many threads', () => {
  const conv = (channels: number, edge: number) =>
    ({ size: [channels, channels], edge, algorithm: sameSize }) as const
  expect(pays(conv(512, 128), 2)).toBe(true)
  expect(pays(conv(512, 8), 2)).toBe(false)
  expect(pays(conv(64, 512), 1)).toBe(false)
  expect(pays(conv(128, 512), 2)).toBe(true)
  expect(pays(conv(128, 512), 16)).toBe(false)
})
