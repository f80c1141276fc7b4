// Layers in 8 bits against the same layers as they are.
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { explained, int8Weights } from './int8-file.ts'
import { roundWeight } from './int8-levels.ts'
import { buildRounded, Layers } from './layers.ts'
import { DataType, OnnxGraph, type Value } from './onnx-graph.ts'
import { openSafetensors } from './safetensors.ts'
import { openSession } from './session.ts'
import type { Weights } from './weights.ts'

const shapes: Record<string, number[]> = {
  'net.linear.weight': [80, 64],
  'net.linear.bias': [80],
  'net.point.weight': [96, 64, 1, 1],
  'net.conv.weight': [96, 64, 3, 3],
  'net.conv.bias': [96],
  'net.small.weight': [4, 64, 3, 3],
  'net.time_embed.0.weight': [80, 64],
}

/** Noise in -1..1 that is the same everywhere. */
function noise(shape: readonly number[], seed: number): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const mixed = Math.imul(i + seed, 0x9e3779b1)
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) / 2 ** 31
  })
  return tensor(shape, data)
}

let folder: string
let weights: Weights
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-int8-'))
  const header: Record<string, unknown> = {}
  let end = 0
  const parts = Object.entries(shapes).map(([name, shape]) => {
    const { data } = noise(shape, end)
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += data.byteLength)] }
    return Buffer.from(data.buffer)
  })
  const text = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(text.length))
  const file = join(folder, 'net.safetensors')
  writeFileSync(file, Buffer.concat([start, text, ...parts]))
  weights = openSafetensors(file)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function compute(x: Tensor, build: (layers: Layers, x: Value) => Value, rounded?: Weights) {
  const make = () => {
    const graph = new OnnxGraph()
    const dims = x.shape.map((_, i) => `x${i}`)
    const out = build(new Layers(graph, weights), graph.input('x', DataType.float, dims))
    graph.output('out', out, dims)
    return graph
  }
  const graph = rounded ? buildRounded(rounded, make) : make()
  const session = await openSession(graph, { threads: 1 })
  const out = (await session.run({ x })).out!
  await session.release()
  return { out, integers: graph.nodes.some(({ type }) => /Integer|DynamicQ/.test(type)) }
}

const layers: Record<string, [number[], (layers: Layers, x: Value) => Value]> = {
  'a linear layer': [[2, 10, 64], (l, x) => l.linear(x, 'net.linear')],
  'a 1×1 kernel as linear layer': [[2, 10, 64], (l, x) => l.linear(x, 'net.point')],
  'a 1×1 kernel': [[2, 64, 5, 7], (l, x) => l.conv(x, 'net.point')],
  'a 3×3 kernel': [[2, 64, 5, 7], (l, x) => l.conv(x, 'net.conv')],
  'a 3×3 kernel that halves odd edges': [
    [2, 64, 5, 8],
    (l, x) => l.conv(x, 'net.conv', { stride: 2 }),
  ],
}
test.each(Object.entries(layers))('%s is about the same in 8 bits', async (_, [shape, build]) => {
  const x = noise(shape, 7)
  const exact = await compute(x, build)
  const rounded = await compute(x, build, await int8Weights(weights, 'net.', join(folder, 'int8')))
  expect([exact.integers, rounded.integers]).toEqual([false, true])
  expect(rounded.out.shape).toEqual(exact.out.shape)
  const power = (values: Float32Array) => values.reduce((sum, v) => sum + v * v, 0)
  const wrong = exact.out.data.map((v, i) => v - rounded.out.data[i]!)
  expect(power(wrong) / power(exact.out.data)).toBeLessThan(0.02 ** 2)
})

test('small layers and those of the time embedding stay exact', async () => {
  const { tensors } = await int8Weights(weights, 'net.', join(folder, 'int8'))
  const names = ['net.linear.weight', 'net.point.weight', 'net.conv.weight']
  expect([...tensors.keys()].filter(name => name.endsWith('weight'))).toEqual(names)
})

test('levels keep the largest weight of an output, taps before channels', () => {
  const values = Float32Array.of(1, -2, 3, -4, 0.5, 0.5, 0.25, 0)
  const { levels, scale } = roundWeight(values, [2, 2, 1, 2])
  // [tap, channel, output]: output 0 is 1 -2 | 3 -4, output 1 is .5 .5 | .25 0
  const weights = [...levels].map((level, i) => level * scale[i % 2]!)
  for (const [i, value] of [1, 0.5, 3, 0.25, -2, 0.5, -4, 0].entries())
    expect(Math.abs(weights[i]! - value)).toBeLessThanOrEqual(scale[i % 2]! / 2 + 1e-6)
})

test('a model is rounded once; a file that was cut short is made anew', async () => {
  const dir = join(folder, 'once')
  const { file } = await int8Weights(weights, 'net.', dir)
  const { ino, size } = statSync(file)
  await int8Weights(weights, 'net.', dir)
  expect(statSync(file).ino).toBe(ino)
  truncateSync(file, size - 10)
  await int8Weights(weights, 'net.', dir)
  expect(statSync(file).size).toBe(size)
  expect(readdirSync(dir)).toHaveLength(1)
})

test('who wants the same file waits for it; the event loop is free between tensors', async () => {
  const dir = join(folder, 'shared')
  const told: [number, number][] = []
  let turns = 0
  const beat = setInterval(() => turns++, 0)
  const watch = { progress: (done: number, of: number) => told.push([done, of]) }
  const both = [int8Weights(weights, 'net.', dir, watch), int8Weights(weights, 'net.', dir, watch)]
  const [first, second] = await Promise.all(both)
  clearInterval(beat)
  expect(second!.file).toBe(first!.file)
  expect(readdirSync(dir)).toHaveLength(1)
  const [linear, point, conv] = [80 * 64, 96 * 64, 96 * 64 * 9]
  const sums = [linear, linear + point, linear + point + conv]
  expect(told).toEqual(sums.flatMap(done => [1, 2].map(() => [done, sums[2]])))
  expect(turns).toBeGreaterThan(0)
})

test('cancelled after a tensor it leaves nothing, and others go on', async () => {
  const dir = join(folder, 'cancelled')
  const abort = new AbortController()
  let told = 0
  const stop = { signal: abort.signal, progress: () => ++told === 1 && abort.abort() }
  await expect(int8Weights(weights, 'net.', dir, stop)).rejects.toThrow(/abort/i)
  expect([told, readdirSync(dir)]).toEqual([1, []])

  const again = new AbortController()
  const leaves = int8Weights(weights, 'net.', dir, {
    signal: again.signal,
    progress: () => again.abort(),
  })
  const stays = int8Weights(weights, 'net.', dir)
  await expect(leaves).rejects.toThrow(/abort/i)
  expect((await stays).tensors.has('net.conv.weight')).toBe(true)
})

test('what a killed process left is removed; what a living one writes stays', async () => {
  const dir = join(folder, 'leftovers')
  mkdirSync(dir)
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const part = (pid: number) => `other.int8.safetensors.${pid}.part`
  for (const pid of [dead, process.pid, process.ppid]) writeFileSync(join(dir, part(pid)), 'half')
  const { file } = await int8Weights(weights, 'net.', dir)
  expect(readdirSync(dir).sort()).toEqual([basename(file), part(process.ppid)].sort())
})

test('a full disk is said in words', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  const { message } = explained(full, '/models/dream.safetensors', '/data/int8') as Error
  expect(message).toMatch(/^dream\.safetensors could not be rounded to 8 bits: the disk is full/)
})
