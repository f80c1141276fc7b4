// The two ways to compute a layer must agree; and each layer with what its definition says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { Layers, type OpProfile, profiles } from './layers.ts'
import { DataType, OnnxGraph, type Value } from './onnx-graph.ts'
import { openSafetensors } from './safetensors.ts'
import { openSession } from './session.ts'

const shapes: Record<string, number[]> = {
  'linear.weight': [6, 8],
  'linear.bias': [6],
  'conv.weight': [4, 8, 3, 3],
  'conv.bias': [4],
  'norm.weight': [8],
  'norm.bias': [8],
}
const value = (i: number) => Math.fround(Math.sin(i * 1.7 + 0.3))
const values = (shape: readonly number[], start = 0): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(start + i)),
  )

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-layers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const weights = (() => {
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let end = 0
  for (const [name, shape] of Object.entries(shapes)) {
    const { data } = values(shape, end)
    parts.push(Buffer.from(data.buffer))
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += data.byteLength)] }
  }
  const text = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(text.length))
  const file = join(folder, 'layers.safetensors')
  writeFileSync(file, Buffer.concat([start, text, ...parts]))
  return openSafetensors(file)
})()

async function compute(
  x: Tensor,
  profile: OpProfile,
  build: (layers: Layers, x: Value) => Value,
): Promise<Tensor> {
  const graph = new OnnxGraph()
  const input = graph.input('x', DataType.float, x.shape)
  const out = build(new Layers(graph, weights, profile), input)
  graph.output(
    'out',
    out,
    x.shape.map((_, i) => `d${i}`),
  )
  const session = await openSession(graph, { threads: 1 })
  const result = (await session.run({ x })).out!
  await session.release()
  return result
}

const cases: Record<string, [number[], (layers: Layers, x: Value) => Value]> = {
  linear: [[2, 5, 8], (layers, x) => layers.linear(x, 'linear')],
  silu: [[2, 5], (layers, x) => layers.silu(x)],
  quickGelu: [[2, 5], (layers, x) => layers.quickGelu(x)],
  attention: [[2, 5, 8], (layers, x) => layers.attention([x, x, x], { heads: 2, width: 8 })],
  'causal attention': [
    [2, 5, 8],
    (layers, x) => layers.attention([x, x, x], { heads: 2, width: 8, causal: true }),
  ],
}
test.each(Object.entries(cases))('%s: both profiles agree', async (_, [shape, build]) => {
  const x = values(shape, 7)
  const cpu = await compute(x, profiles.cpu, build)
  const gpu = await compute(x, profiles.webgpu, build)
  expect(gpu.shape).toEqual(cpu.shape)
  for (const [i, v] of cpu.data.entries()) expect(gpu.data[i]).toBeCloseTo(v, 5)
})

test('a causal token does not see later ones', async () => {
  const [shape, build] = cases['causal attention']!
  const x = values(shape, 7)
  const before = await compute(x, profiles.cpu, build)
  for (let i = 4 * 8; i < 5 * 8; i++) x.data[i]! += 1
  const after = await compute(x, profiles.cpu, build)
  expect(after.data.slice(0, 32)).toEqual(before.data.slice(0, 32))
  expect(after.data.slice(32, 40)).not.toEqual(before.data.slice(32, 40))
})

test('group norm: every group has mean 0 and variance 1 before scale and bias', async () => {
  const x = values([1, 8, 2, 3], 3)
  const out = await compute(x, profiles.cpu, (layers, v) =>
    layers.groupNorm(v, 'norm', { groups: 2, epsilon: 1e-6 }),
  )
  const scale = values(shapes['norm.weight']!, 0)
  for (let group = 0; group < 2; group++) {
    const part = [...x.data.slice(group * 24, group * 24 + 24)]
    const mean = part.reduce((a, b) => a + b) / 24
    const variance = part.reduce((a, b) => a + (b - mean) ** 2, 0) / 24
    expect(scale.data).toHaveLength(8)
    for (const [i, v] of part.entries()) {
      const channel = group * 4 + Math.floor(i / 6)
      const { w, b } = normWeights(channel)
      expect(out.data[group * 24 + i]).toBeCloseTo(((v - mean) / Math.sqrt(variance)) * w + b, 4)
    }
  }
})

/** As the file above was filled: each tensor starts at its own byte offset. */
function normWeights(channel: number): { w: number; b: number } {
  const at = (name: string) =>
    weights.tensors.get(name)!.offset - weights.tensors.get('linear.weight')!.offset
  return { w: value(at('norm.weight') + channel), b: value(at('norm.bias') + channel) }
}

test('a convolution keeps the size; stride 2 halves it, odd edges rounded up', async () => {
  const x = values([1, 8, 5, 7], 3)
  const same = await compute(x, profiles.cpu, (layers, v) => layers.conv(v, 'conv'))
  const half = await compute(x, profiles.cpu, (layers, v) => layers.conv(v, 'conv', { stride: 2 }))
  expect([same.shape, half.shape]).toEqual([
    [1, 4, 5, 7],
    [1, 4, 3, 4],
  ])
  expect(half.data[1]).toBeCloseTo(same.data[2]!, 5)
})

test('what the file does not say is an error with its name', () => {
  const layers = new Layers(new OnnxGraph(), weights)
  expect(() => layers.linear('x', 'missing')).toThrow(
    /layers\.safetensors has no tensor "missing\.weight"/,
  )
  expect(() => layers.groupNorm('x', 'norm', { groups: 3, epsilon: 1e-5 })).toThrow(
    /do not form 3 groups/,
  )
})
