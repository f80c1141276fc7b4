// Hypernetworks against torch (see fixtures/make-hypernetwork.py), and in a small UNet against
// attention that is multiplied.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openWeights } from '../inference/open-weights.ts'
import { openSession } from '../inference/session.ts'
import type { Weights } from '../inference/weights.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { addon, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import { checkHypernetwork, hypernetworkFeeds, installHypernetwork } from './hypernetwork.ts'
import type { DiffusionModel } from './kinds.ts'
import { modelStore } from './store.ts'

const fixture = (name: string) => resolve(import.meta.dirname, 'fixtures', name)
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-hypernetwork-'))
const pool = new QuickPool()
const unet = smallUnet(pool)
afterAll(async () => {
  await pool.free()
  rmSync(folder, { recursive: true, force: true })
})

async function computed(weights: Weights, x: Tensor, part: 'k' | 'v', strength: number) {
  const graph = new OnnxGraph()
  const hooks = installHypernetwork(graph, 'net', weights)
  const width = x.shape[2]!
  const input = graph.input('x', DataType.float, ['B', 'N', width])
  graph.output('out', hooks.attended!(input, width, part), ['B', 'N', width])
  const session = await openSession(graph)
  const feeds = hypernetworkFeeds('net', { kind: 'hypernetwork', weights, strength })
  const { out } = await session.run({ x, ...feeds })
  await session.release()
  return out!
}

test('a file of torch’s: activation, normalisation, dropout, a plain last layer', async () => {
  const weights = checkHypernetwork(openWeights(fixture('hypernetwork.pt')))
  expect(weights.metadata).toMatchObject({ activation_func: 'mish', activate_output: 'false' })
  const want: Record<string, number[]> = JSON.parse(
    readFileSync(fixture('hypernetwork.json'), 'utf8'),
  )
  const row = (name: string) => tensor([1, 3, 16], Float32Array.from(want[name]!))
  for (const part of ['k', 'v'] as const)
    expectClose(await computed(weights, row('x'), part, 0.7), row(part), 1e-5)
  expect(apart(row('k'), row('v'))).toBeGreaterThan(0.1)
})

/** Files of small networks by width: each layer multiplies by a number. */
function file(name: string, tensors: Record<string, Tensor>, metadata = {}): Weights {
  return { ...writeWeights(join(folder, name), tensors), metadata }
}
function times(width: number, factor: number): Tensor {
  const out = tensor([width, width])
  for (let i = 0; i < width; i++) out.data[i * width + i] = factor
  return out
}

test('the oldest files have two layers by number, and activate nothing', async () => {
  const weights = file('old.safetensors', {
    '2.0.linear2.weight': times(2, 3),
    '2.0.linear1.weight': times(2, 2),
    '2.0.linear1.bias': tensor([2], Float32Array.of(1, 0)),
    '2.1.linear1.weight': times(2, 5),
  })
  const x = tensor([1, 1, 2], Float32Array.of(1, -1))
  // x + ((2·x + bias) · 3) / 2
  const got = await computed(checkHypernetwork(weights), x, 'k', 0.5)
  expect([...got.data]).toEqual([1 + 4.5, -1 - 3])
  expect([...(await computed(weights, x, 'v', 1)).data]).toEqual([6, -6])
})

test('the last layer is activated unless the file says no', async () => {
  const layers = { '2.0.linear.0.weight': times(2, -1), '2.1.linear.0.weight': times(2, 1) }
  const x = tensor([1, 1, 2], Float32Array.of(1, -1))
  const first = file('a.safetensors', layers, { activation_func: 'relu' })
  expect([...(await computed(first, x, 'k', 1)).data]).toEqual([1, 0])
  const plain = file('b.safetensors', layers, { activation_func: 'relu', activate_output: 'false' })
  expect([...(await computed(plain, x, 'k', 1)).data]).toEqual([0, 0])
})

describe('in a UNet', () => {
  async function answer(model: DiffusionModel): Promise<Tensor> {
    const network = await model.network()
    return network.forward({
      x: rnd('x', [2, 4, 16, 16]),
      timesteps: new Float32Array(2).fill(500),
      context: rnd('context', [2, 5, 16]),
    })
  }
  async function withFile(weights: Weights, strength: number, model: DiffusionModel = unet) {
    const models = { hypernetwork: async () => weights }
    const inputs = { model, hypernetwork_name: 'a.pt', strength }
    const context = { models } as unknown as RunContext
    const { MODEL } = await nodeTypes.get('HypernetworkLoader')!.run(inputs, context)
    return MODEL as DiffusionModel
  }
  /** k times 3, v times −1 at strength 1. */
  const pair = (width: number) => ({
    [`${width}.0.linear.0.weight`]: times(width, 2),
    [`${width}.1.linear.0.weight`]: times(width, -2),
  })

  test('that of the text’s width is before cross-attention', async () => {
    const model = await withFile(file('text.safetensors', pair(16)), 0.5)
    const factors = { layers: 'attn2', q: 1, k: 2, v: 0, out: 1 } as const
    const want = await answer(unet.withFactors(factors))
    expectClose(await answer(model), want, 1e-5)
    expect(apart(want, await answer(unet))).toBeGreaterThan(1e-3)
  })

  test('those of other widths are before self-attention', async () => {
    const widths = new Set(
      [...addon('unet').tensors].flatMap(([name, { shape }]) =>
        name.endsWith('attn1.to_k.weight') ? [shape[1]!] : [],
      ),
    )
    const all = Object.assign({}, ...[...widths].map(pair)) as Record<string, Tensor>
    const model = await withFile(file('picture.safetensors', all), 0.25)
    const factors = { layers: 'attn1', q: 1, k: 1.5, v: 0.5, out: 1 } as const
    expectClose(await answer(model), await answer(unet.withFactors(factors)), 1e-5)
  })

  test('strength 0 changes nothing, and no strength needs another session', async () => {
    const weights = openWeights(fixture('hypernetwork.pt'))
    const one = await answer(await withFile(weights, 1))
    const open = pool.keys.length
    expectClose(await answer(await withFile(weights, 0)), await answer(unet), 1e-6)
    expect(pool.keys.length).toBe(open)
    expect(apart(one, await answer(unet))).toBeGreaterThan(1e-3)
  })

  test('two of them come one after the other', async () => {
    const weights = file('twice.safetensors', pair(16))
    const model = await withFile(weights, 0.5, await withFile(weights, 0.25))
    const factors = { layers: 'attn2', q: 1, k: 2 * 1.5, v: 0, out: 1 } as const
    expectClose(await answer(model), await answer(unet.withFactors(factors)), 1e-5)
  })
})

test('the store opens it from its folder', async () => {
  mkdirSync(join(folder, 'hypernetworks'))
  copyFileSync(fixture('hypernetwork.pt'), join(folder, 'hypernetworks', 'mini.pt'))
  const store = modelStore({ modelDirs: [folder] })
  expect(store.list('hypernetworks')).toEqual(['mini.pt'])
  expect((await store.hypernetwork('mini.pt')).tensors.has('16.0.linear.0.weight')).toBe(true)
  await expect(store.hypernetwork('minni.pt')).rejects.toThrow(/mini\.pt/)
})

test('what is none is refused, and what cannot be computed', () => {
  expect(() => checkHypernetwork(addon('gligen'))).toThrow(/is no hypernetwork/)
  const layers = { '2.0.linear.0.weight': times(2, 1) }
  expect(() => checkHypernetwork(file('half.safetensors', layers))).toThrow(
    /no tensor "2\.1\.linear\.0\.weight"/,
  )
  const odd = file('odd.safetensors', layers, { activation_func: 'RReLU' })
  expect(() => checkHypernetwork(odd)).toThrow(/odd\.safetensors was trained.*"rrelu".*relu/)
})
