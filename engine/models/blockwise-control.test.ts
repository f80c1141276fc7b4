// Model patches: one block against its formula, the whole on a small Qwen-Image of random weights.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSafetensors } from '../inference/safetensors.ts'
import { openSession } from '../inference/session.ts'
import { readFloats } from '../inference/weights.ts'
import type { RunContext } from '../nodes/define.ts'
import { modelPatchLoader } from '../nodes/loaders/model-patch-loader.ts'
import { qwenImageDiffsynthControlnet } from '../nodes/model-patches/qwen-image-diffsynth-controlnet.ts'
import { withPatches } from '../sampling/model-patches.ts'
import { unscale } from '../sampling/sample.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { blockwiseFeeds, installBlockwise, openModelPatch } from './blockwise-control.ts'
import { addon, QuickPool } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, missing, randomModel, reason, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { BlockwiseControl, DiffusionModel, Vae } from './kinds.ts'
import { transformerModel, wanLatent } from './transformer-families.ts'

const pool = new QuickPool()
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-blockwise-'))
afterAll(async () => {
  await pool.free()
  rmSync(folder, { recursive: true, force: true })
})

function patchTensors(hidden: number, patchWidth: number, blocks: number) {
  const all: Record<string, Tensor> = {
    'img_in.weight': rnd('img_in', [hidden, patchWidth]),
    'img_in.bias': rnd('img_in bias', [hidden]),
  }
  for (let n = 0; n < blocks; n++) {
    const key = `controlnet_blocks.${n}`
    for (const norm of ['x_rms', 'y_rms']) all[`${key}.${norm}.weight`] = rnd(norm + n, [hidden])
    for (const layer of ['input_proj', 'output_proj']) {
      all[`${key}.${layer}.weight`] = rnd(layer + n, [hidden, hidden])
      all[`${key}.${layer}.bias`] = rnd(`${layer}${n} bias`, [hidden])
    }
  }
  return all
}
const patchFile = (name: string, ...size: [number, number, number]) =>
  openModelPatch(writeWeights(join(folder, name), patchTensors(...size)))

/** x + strength · output(gelu(input(rms(x) + rms(y)))) of one token, as DiffSynth has it. */
function formula(t: Record<string, Tensor>, x: number[], patch: number[], strength: number) {
  const linear = (from: number[], layer: string) =>
    Array.from(t[`${layer}.bias`]!.data, (bias, row) =>
      from.reduce(
        (sum, v, i) => sum + v * t[`${layer}.weight`]!.data[row * from.length + i]!,
        bias,
      ),
    )
  const rms = (from: number[], norm: string) => {
    const mean = from.reduce((sum, v) => sum + v * v, 0) / from.length
    return from.map((v, i) => (v / Math.sqrt(mean + 1e-6)) * t[`${norm}.weight`]!.data[i]!)
  }
  // The integral of the normal distribution, by Simpson's rule.
  const gelu = (v: number) => {
    const steps = 200
    const density = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI)
    let sum = density(0) + density(v)
    for (let i = 1; i < steps; i++) sum += density((v * i) / steps) * (i % 2 ? 4 : 2)
    return v * (0.5 + (sum * v) / steps / 3)
  }
  const key = 'controlnet_blocks.1'
  const y = rms(linear(patch, 'img_in'), `${key}.y_rms`)
  const both = rms(x, `${key}.x_rms`).map((v, i) => v + y[i]!)
  const found = linear(linear(both, `${key}.input_proj`).map(gelu), `${key}.output_proj`)
  return x.map((v, i) => v + strength * found[i]!)
}

test('a block adds what DiffSynth’s does; references stay as they are', async () => {
  const [hidden, width, strength] = [6, 8, 0.7]
  const tensors = patchTensors(hidden, width, 2)
  const graph = new OnnxGraph()
  const picture = graph.input('picture', DataType.float, ['B', 'N', hidden])
  const after = installBlockwise(graph, writeWeights(join(folder, 'block'), tensors), 0)
  graph.output('out', after(picture, 1), ['B', 'N', hidden])
  // Behind its last block it has no say.
  expect(after(picture, 2)).toBe(picture)
  const session = await openSession(graph)
  const [tokens, seen] = [rnd('tokens', [2, 3, hidden]), rnd('seen', [1, 2, width])]
  const { out } = await session.run({
    picture: tokens,
    blockwise0: seen,
    'blockwise0.strength': tensor([], Float32Array.of(strength)),
  })
  await session.release()
  const row = ({ data }: Tensor, n: number, size: number) => [
    ...data.slice(n * size, (n + 1) * size),
  ]
  for (let n = 0; n < 6; n++) {
    const own = row(tokens, n, hidden)
    const want = n % 3 === 2 ? own : formula(tensors, own, row(seen, n % 3, width), strength)
    expect(row(out!, n, hidden)).toEqual(want.map(v => expect.closeTo(v, 4)))
  }
})

const vae = () => {
  const encode = vi.fn(async (image: Tensor) =>
    unscale(rnd('latent', [image.shape[0]!, 16, 4, 6]), wanLatent),
  )
  return { downscale: 8, latentChannels: 16, encode, decode: async () => tensor([1, 1, 1, 3]) }
}
const white = tensor([1, 40, 60, 3], new Float32Array(40 * 60 * 3).fill(1))

test('what an inpainting patch sees: black and 0 where the picture is drawn anew', async () => {
  const patch = patchFile('inpaint', 6, 68, 1)
  const eyes = vae()
  const mask = tensor([40, 60])
  for (let y = 0; y < 40; y++) mask.data.fill(1, y * 60, y * 60 + 30)
  const control: BlockwiseControl = { patch, vae: eyes, image: white, mask, strength: 1 }
  const ask = (of: BlockwiseControl, shape: number[]) =>
    blockwiseFeeds([of], openSafetensors, shape, wanLatent)
  const feeds = await ask(control, [2, 16, 4, 6])
  const [shown] = eyes.encode.mock.calls[0]!
  expect(shown.shape).toEqual([1, 32, 48, 3])
  expect([shown.data[0], shown.data[47 * 3]]).toEqual([0, 1])
  const { data, shape } = feeds.blockwise0!
  expect(shape).toEqual([1, 6, 68])
  // The mask's four pixels are a patch's last; six patches of 2 × 3, the middle ones half masked.
  const masks = Array.from({ length: 6 }, (_, t) => [...data.slice(t * 68 + 64, (t + 1) * 68)])
  const [none, half, all] = [
    [0, 0, 0, 0],
    [0, 1, 0, 1],
    [1, 1, 1, 1],
  ]
  expect(masks).toEqual([none, half, all, none, half, all])
  expect(data[0]).toBeCloseTo(rnd('latent', [1, 16, 4, 6]).data[0]!, 5)

  await ask(control, [2, 16, 4, 6])
  expect(eyes.encode).toHaveBeenCalledTimes(1)
  await ask(control, [2, 16, 6, 6])
  expect(eyes.encode).toHaveBeenCalledTimes(2)

  const unmasked = { ...control, mask: undefined }
  const whole = (await ask(unmasked, [2, 16, 4, 6])).blockwise0!
  expect([...whole.data.slice(64, 68)]).toEqual(all)
  expect(eyes.encode.mock.calls[2]![0].data[0]).toBe(1)
})

test('pictures of a batch take turns', async () => {
  const two = tensor([2, 8, 8, 3])
  const control = { patch: patchFile('turns', 6, 64, 1), vae: vae(), image: two, strength: 1 }
  const { blockwise0 } = await blockwiseFeeds([control], openSafetensors, [4, 16, 4, 6], wanLatent)
  expect(blockwise0!.shape).toEqual([4, 6, 64])
  const size = 6 * 64
  const row = (n: number) => blockwise0!.data.slice(n * size, (n + 1) * size)
  expect(row(2)).toEqual(row(0))
  expect(row(3)).toEqual(row(1))
  expect(row(1)).not.toEqual(row(0))
})

test('other files are refused in words', () => {
  expect(() => openModelPatch(addon('redux'))).toThrow(/is no model patch that is read here/)
  const {
    'controlnet_blocks.0.act.weight': _,
    'controlnet_blocks.1.x_rms.weight': __,
    ...less
  } = patchTensors(6, 64, 2)
  expect(() => openModelPatch(writeWeights(join(folder, 'less'), less))).toThrow(
    /less has no tensor "controlnet_blocks\.1\.x_rms\.weight"/,
  )
})

describe.skipIf(missing)(`on Qwen-Image${reason}`, () => {
  const weights = missing
    ? undefined!
    : openSafetensors(randomModel('more/keys/qwen_image_mini.json'))
  const model: DiffusionModel = missing
    ? undefined!
    : transformerModel(weights, { pool, openWeights: openSafetensors })!
  const context = {} as RunContext
  const lay = (strength: number, patch = patchFile('qwen', hidden(), 64, 1), on = model) => {
    const inputs = { model: on, model_patch: patch, vae: vae() as Vae, image: white }
    const made = qwenImageDiffsynthControlnet.run({ ...inputs, strength, mask: undefined }, context)
    return (made as { MODEL: DiffusionModel }).MODEL
  }
  const hidden = () =>
    [...weights.tensors].find(([name]) => name.endsWith('img_in.weight'))![1].shape[0]!
  const answer = async (of: DiffusionModel, extras = {}) => {
    const network = await of.network()
    const x = rnd('x', [1, 16, 4, 6])
    const context = rnd('qwen.ctx', [1, 13, 3584])
    return network.forward({ x, timesteps: Float32Array.of(0.7), context, extras })
  }

  test('steers by its strength, with references as well', async () => {
    const plain = await answer(model)
    expect(lay(0)).toBe(model)
    expectClose(await answer(lay(1e-30)), plain, 1e-6)
    const one = await answer(lay(1))
    expect(apart(one, plain)).toBeGreaterThan(1e-3)
    expect(one.shape).toEqual(plain.shape)
    const reference0 = rnd('ref', [1, 16, 4, 4])
    const beside = await answer(lay(1), { reference0 })
    expect(apart(beside, await answer(model, { reference0 }))).toBeGreaterThan(1e-3)
  })

  test('two add up, in any order of nodes of other kinds', async () => {
    const twice = lay(0.25, undefined, lay(0.75))
    expect(apart(await answer(twice), await answer(lay(1)))).toBeGreaterThan(1e-6)
    const silent = await answer(lay(1e-30, undefined, lay(1)))
    expectClose(silent, await answer(lay(1)), 1e-6)
    const patched = withPatches(model, {}).withSampling(model.sampling)
    const shifted = lay(1, undefined, patched).withSampling(model.sampling)
    expect(await answer(shifted)).toEqual(await answer(lay(1)))
  })

  test('a patch of another width, or another model, is refused', () => {
    expect(() => lay(1, patchFile('narrow', 6, 64, 1))).toThrow(/tokens of width 6, the model on/)
    const other = { ...model, withBlockwise: undefined } as unknown as DiffusionModel
    expect(() => lay(1, undefined, other)).toThrow(/works with Qwen-Image only/)
  })
})

test('the loader asks for the file by its name', async () => {
  const patch = patchFile('named', 6, 64, 1)
  const modelPatch = vi.fn(async () => patch)
  const context = { models: { modelPatch } } as unknown as RunContext
  expect(await modelPatchLoader.run({ name: 'canny.safetensors' }, context)).toEqual({
    MODEL_PATCH: patch,
  })
  expect(modelPatch).toHaveBeenCalledWith('canny.safetensors')
  expect(readFloats(openSafetensors(patch.file).tensors.get('img_in.bias')!)).toHaveLength(6)
})
