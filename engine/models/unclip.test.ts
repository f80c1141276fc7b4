// unCLIP's vectors against diffusers' image normaliser, and a checkpoint of one from end to end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSession } from '../inference/session.ts'
import type { Weights } from '../inference/weights.ts'
import { unClipConditioning } from '../nodes/conditioning/un-clip-conditioning.ts'
import type { RunContext } from '../nodes/define.ts'
import { unClipCheckpointLoader } from '../nodes/loaders/un-clip-checkpoint-loader.ts'
import { prompt } from '../sampling/fixtures/stub-model.ts'
import { TorchGenerator } from '../sampling/noise.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expected } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { Conditioning, VisionOutput } from './kinds.ts'
import { augmented, unclipStatistics, unclipVector } from './unclip.ts'
import { unetFacts, unetLabel, unetSampling } from './unet-family.ts'
import { buildVision, visionConfig } from './vision.ts'
import { unclipVision } from './vision-names.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-unclip-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const context = {} as RunContext

const embeds = rnd('unclip.embeds', [1, 16])
const statistics = {
  mean: rnd('unclip.mean', [1, 16]).data,
  deviation: rnd('unclip.std', [1, 16]).data.map(value => Math.abs(value) + 0.5),
}
const row = (data: Float32Array) => tensor([1, data.length], data)

describe('the vector of a picture', () => {
  test.each([0, 300, 999])('at noise level %d, as diffusers has it', level => {
    const noise = rnd('unclip.noise', [1, 16]).data
    const got = row(augmented(embeds.data, level, noise, statistics))
    expectClose(got, expected(`unclip.${level}`), 1e-5)
  })

  const picture = { embeds, strength: 0.5, noiseAugmentation: 0.3 }
  const noise = (seed: bigint) => new TorchGenerator(seed).normal(16)

  test('is drawn from ten below the run’s seed, times its strength', () => {
    const got = unclipVector({ unclip: [picture] }, statistics, 42n)
    const one = augmented(embeds.data, 300, noise(32n), statistics)
    expectClose(got, row(one.map(v => v / 2)), 1e-6)
    const low = unclipVector({ unclip: [picture] }, statistics, 3n)
    const wrapped = augmented(embeds.data, 300, noise(2n ** 64n - 7n), statistics)
    expectClose(low, row(wrapped.map(v => v / 2)), 1e-6)
  })

  test('several add up and get a little noise more; none is nothing', () => {
    const two = tensor([2, 16], Float32Array.of(...embeds.data, ...embeds.data))
    const got = unclipVector({ unclip: [{ ...picture, embeds: two }] }, statistics, 42n)
    const one = augmented(embeds.data, 300, noise(32n), statistics)
    const want = augmented(one.slice(0, 16), 50, noise(32n), statistics)
    expectClose(got, row(want), 1e-6)
    expect(unclipVector({}, statistics).data.every(value => value === 0)).toBe(true)
  })
})

test('unCLIPConditioning adds pictures up, and none at strength 0', async () => {
  const show = (conditioning: Conditioning, strength: number, seen?: Tensor) => {
    const clip_vision_output = { embeds: seen } as VisionOutput
    const inputs = { conditioning, clip_vision_output, strength, noise_augmentation: 0.1 }
    return unClipConditioning.run(inputs, context) as { CONDITIONING: Conditioning }
  }
  const once = show([prompt(1)], 2, embeds).CONDITIONING
  const [item] = show(once, -1, embeds).CONDITIONING
  expect(item!.unclip).toEqual([
    { embeds, strength: 2, noiseAugmentation: 0.1 },
    { embeds, strength: -1, noiseAugmentation: 0.1 },
  ])
  expect(show(once, 0, embeds).CONDITIONING).toBe(once)
  expect(() => show(once, 1)).toThrow(/as a whole/)
})

describe('a checkpoint', () => {
  const shapes = (more: Record<string, number[]>): Weights => ({
    file: '/models/checkpoints/unclip.safetensors',
    metadata: {},
    tensors: new Map(
      Object.entries({
        'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3],
        'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [
          320, 1024,
        ],
        'model.diffusion_model.label_emb.0.0.weight': [1280, 2048],
        ...more,
      }).map(([name, shape]) => [
        name,
        { type: 'F16' as const, shape, file: '', offset: 0, length: 0 },
      ]),
    ),
  })

  test('of SD 2.1 unCLIP is known by its statistics, and predicts v', () => {
    const weights = shapes({ 'noise_augmentor.data_mean': [1, 1024] })
    const facts = unetFacts(weights)
    if (typeof facts === 'string') throw new Error(facts)
    expect(facts).toEqual({ family: 'sd2', joins: 'none', unclip: true })
    expect(unetSampling(weights, facts).prediction).toBe('v')
    expect(unetLabel(weights, facts)).toBe('SD 2 unCLIP (v)')
    expect(unetFacts(shapes({}))).toMatch(/another input \(2048 wide\)/)
  })

  test('has statistics as they are stored', () => {
    const name = (what: string) => `noise_augmentor.data_${what}`
    const stored = { [name('mean')]: rnd('m', [1, 4]), [name('std')]: rnd('s', [1, 4]) }
    const weights = writeWeights(join(folder, 'statistics.safetensors'), stored)
    expect(unclipStatistics(weights)).toEqual({
      mean: rnd('m', [1, 4]).data,
      deviation: rnd('s', [1, 4]).data,
    })
  })

  test('brings what it sees with, under OpenCLIP’s names', async () => {
    const at = 'embedder.model.visual.'
    const layer = `${at}transformer.resblocks.0.`
    const [width, side] = [32, 28]
    const shapes: Record<string, number[]> = {
      class_embedding: [width],
      positional_embedding: [5, width],
      'conv1.weight': [width, 3, 14, 14],
      proj: [width, 8],
    }
    for (const norm of ['ln_pre', 'ln_post', 'transformer.resblocks.0.ln_1'])
      for (const end of ['weight', 'bias']) shapes[`${norm}.${end}`] = [width]
    const inner: Record<string, number[]> = {
      'ln_2.weight': [width],
      'ln_2.bias': [width],
      'attn.in_proj_weight': [3 * width, width],
      'attn.in_proj_bias': [3 * width],
      'attn.out_proj.weight': [width, width],
      'attn.out_proj.bias': [width],
      'mlp.c_fc.weight': [48, width],
      'mlp.c_fc.bias': [48],
      'mlp.c_proj.weight': [width, 48],
      'mlp.c_proj.bias': [width],
    }
    const open = Object.fromEntries([
      ...Object.entries(shapes).map(([name, shape]) => [`${at}${name}`, rnd(name, shape)]),
      ...Object.entries(inner).map(([name, shape]) => [`${layer}${name}`, rnd(name, shape)]),
    ])
    const weights = unclipVision(writeWeights(join(folder, 'eyes.safetensors'), open))
    // The same as transformers has it: thirds apart, and the projection the right way round.
    const turned = tensor([8, width])
    const proj = rnd('proj', shapes.proj!)
    for (let i = 0; i < width; i++)
      for (let o = 0; o < 8; o++) turned.data[o * width + i] = proj.data[i * 8 + o]!
    const plain: Record<string, Tensor> = { 'visual_projection.weight': turned }
    for (const [name, { shape, offset, file }] of weights.tensors) {
      if (name === 'visual_projection') continue
      const { openSync, readSync, closeSync } = await import('node:fs')
      const values = new Float32Array(shape.reduce((n, d) => n * d, 1))
      const handle = openSync(file, 'r')
      readSync(handle, new Uint8Array(values.buffer), 0, values.byteLength, offset)
      closeSync(handle)
      plain[name] = tensor(shape, values)
    }
    const other = writeWeights(join(folder, 'plain.safetensors'), plain)
    const config = visionConfig(weights)
    expect(config).toEqual({ kind: 'clip', width, layers: 1, patch: 14, size: side })
    const look = async (of: Weights) => {
      const session = await openSession(buildVision(of, config))
      const { embeds } = await session.run({ pixels: rnd('pixels', [1, 3, side, side]) })
      await session.release()
      return embeds!
    }
    expectClose(await look(weights), await look(other), 1e-6)
    expect(weights.tensors.has('vision_model.encoder.layers.0.self_attn.k_proj.weight')).toBe(true)
  })

  test('without eyes says so once they are asked for', async () => {
    const models = { checkpoint: async () => ({ model: {} }) }
    const loading = { models } as unknown as RunContext
    const { CLIP_VISION } = await unClipCheckpointLoader.run({ ckpt_name: 'a.ckpt' }, loading)
    expect(() => CLIP_VISION.encode).toThrow(/a\.ckpt holds no vision model/)
  })
})
