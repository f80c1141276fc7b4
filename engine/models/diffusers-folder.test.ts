// The small starter model taken apart as diffusers saves models, against the same in one file.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { layoutOf, storedBytes, writeSafetensors } from '../inference/safetensors-writer.ts'
import type { Weight } from '../inference/weights.ts'
import { modelFolders } from '../library/model-folders.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import type { Checkpoint } from '../nodes/models.ts'
import type { Tensor } from '../tensor.ts'
import { familiarVae } from './diffusers-vae-names.ts'
import { rnd } from './fixtures/goldens.ts'
import { starter } from './fixtures/variants.ts'
import type { DiffusionModel, TextEncoderModel, Vae } from './kinds.ts'
import { layerAliases } from './lora-keys.ts'
import { type ModelStore, modelStore } from './store.ts'

const whole = openSafetensors(starter)
const folders = mkdtempSync(join(tmpdir(), 'comfyrunner-diffusers-'))
let store: ModelStore
let one: Checkpoint

/** The layers of the UNet by diffusers' names, which LoRA files use too. */
function unetNames(): Map<string, string> {
  const names = new Map<string, string>()
  for (const [alias, { layer }] of layerAliases(whole))
    if (/^unet\.((down|up)_blocks|mid_block|conv_|time_embedding|add_embedding)/.test(alias))
      names.set(layer, alias.slice('unet.'.length))
  return names
}

const attention = { norm: 'group_norm', q: 'to_q', k: 'to_k', v: 'to_v', proj_out: 'to_out.0' }
const old = { norm: 'group_norm', q: 'query', k: 'key', v: 'value', proj_out: 'proj_attn' }

/** Of an autoencoder with two levels. */
const vaeName = (name: string, parts: Record<string, string>): string =>
  name
    .replace('norm_out', 'conv_norm_out')
    .replace(/mid\.block_1/, 'mid_block.resnets.0')
    .replace(/mid\.block_2/, 'mid_block.resnets.1')
    .replace(/mid\.attn_1\.(\w+)/, (_, part) => `mid_block.attentions.0.${parts[part]}`)
    .replace('nin_shortcut', 'conv_shortcut')
    .replace(/down\.(\d)\.block/, 'down_blocks.$1.resnets')
    .replace(/down\.(\d)\.downsample/, 'down_blocks.$1.downsamplers.0')
    .replace('up.1.block', 'up_blocks.0.resnets')
    .replace('up.0.block', 'up_blocks.1.resnets')
    .replace('up.1.upsample', 'up_blocks.0.upsamplers.0')

async function write(file: string, tensors: Map<string, Weight>): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const all = [...tensors].map(([name, weight]) => ({
    name,
    type: weight.type,
    shape: weight.shape,
    bytes: () => storedBytes(weight),
  }))
  const { 'modelspec.prediction_type': _, ...metadata } = whole.metadata
  await writeSafetensors(file, layoutOf(all, metadata))
}

function part(prefix: string, rename: (name: string) => string): Map<string, Weight> {
  const found = [...whole.tensors].filter(([name]) => name.startsWith(prefix))
  return new Map(found.map(([name, weight]) => [rename(name.slice(prefix.length)), weight]))
}

const vaePart = (parts: Record<string, string>) =>
  new Map(
    [...part('first_stage_model.', name => vaeName(name, parts))].map(([name, weight]) => {
      const linear = name.includes('attentions') && weight.shape.length === 4
      return [name, linear ? { ...weight, shape: weight.shape.slice(0, 2) } : weight]
    }),
  )

beforeAll(async () => {
  const at = (path: string) => join(folders, 'diffusers/my models/mini', path)
  const names = unetNames()
  const unet = part('model.diffusion_model.', name => {
    const dot = name.lastIndexOf('.')
    const layer = names.get(`model.diffusion_model.${name.slice(0, dot)}`)
    return (layer ?? name.slice(0, dot)) + name.slice(dot)
  })
  await write(at('unet/diffusion_pytorch_model.safetensors'), unet)
  await write(at('vae/diffusion_pytorch_model.fp16.safetensors'), vaePart(attention))
  const text = part('cond_stage_model.transformer.', name => name)
  await write(at('text_encoder/model.safetensors'), text)
  mkdirSync(at('scheduler'))
  writeFileSync(at('scheduler/scheduler_config.json'), '{"prediction_type": "v_prediction"}')
  writeFileSync(at('model_index.json'), '{"_class_name": "StableDiffusionPipeline"}')
  await write(join(folders, 'vae/old.safetensors'), vaePart(old))
  await write(join(folders, 'checkpoints/one.safetensors'), new Map(whole.tensors))
  store = modelStore({ modelDirs: [folders], threads: 1 })
  const file = join(folders, 'checkpoints/one.safetensors')
  expect(openSafetensors(file).metadata).not.toHaveProperty('modelspec.prediction_type')
  one = await store.checkpoint('one.safetensors')
})
afterAll(async () => {
  await store?.free()
  rmSync(folders, { recursive: true, force: true })
})

const context = () => ({ models: store }) as unknown as RunContext
const load = (model_path = 'my models/mini') =>
  nodeTypes.get('DiffusersLoader')!.run({ model_path }, context()) as Promise<{
    MODEL: DiffusionModel
    CLIP: TextEncoderModel
    VAE: Vae
  }>

async function forward(model: DiffusionModel): Promise<Tensor> {
  const network = await model.network()
  return network.forward({
    x: rnd('x', [1, 4, 8, 8]),
    timesteps: Float32Array.of(500),
    context: rnd('context', [1, 77, 16]),
    y: rnd('y', [1, 16]),
  })
}

describe('DiffusersLoader', () => {
  test('opens what the same model in one file is', async () => {
    const { MODEL, CLIP, VAE } = await load()
    expect(await forward(MODEL)).toEqual(await forward(one.model))
    expect(MODEL.notes).toEqual([])
    const text = 'a (red:1.2) bird'
    expect(await CLIP.encode(text)).toEqual(await one.clip!.encode(text))
    const latent = rnd('latent', [1, 4, 4, 4])
    const picture = await VAE.decode(latent)
    expect(picture).toEqual(await one.vae!.decode(latent))
    expect(Math.max(...picture.data)).toBeGreaterThan(Math.min(...picture.data))
    expect(await VAE.encode(picture)).toEqual(await one.vae!.encode(picture))
  })

  test('goes by what the folder says of its schedule', async () => {
    const { MODEL } = await load()
    expect([MODEL.sampling.prediction, one.model.sampling.prediction]).toEqual(['v', 'epsilon'])
    const file = join(folders, 'diffusers/my models/mini/scheduler/scheduler_config.json')
    const stamp = () =>
      nodeTypes.get('DiffusersLoader')!.changed!({ model_path: 'my models/mini' }, context())
    const before = stamp()
    writeFileSync(file, '{"prediction_type": "epsilon", "rescale_betas_zero_snr": true}')
    expect(stamp()).not.toEqual(before)
    const { sampling } = (await load()).MODEL
    expect(sampling.prediction).toBe('epsilon')
    expect(sampling.sigmaMax).toBeGreaterThan(1000)
    writeFileSync(file, '{"prediction')
    await expect(load()).rejects.toThrow(/scheduler_config\.json of mini is damaged/)
    rmSync(file)
    expect((await load()).MODEL.sampling.prediction).toBe('epsilon')
  })

  test('says which part is missing', async () => {
    const at = (path: string) => join(folders, 'diffusers/my models/mini', path)
    renameSync(at('vae'), at('other'))
    const { VAE } = await load()
    expect(() => VAE.decode(rnd('latent', [1, 4, 4, 4]))).toThrow(/mini holds no VAE/)
    renameSync(at('unet'), at('transformer'))
    await expect(load()).rejects.toThrow(/mini is no Stable Diffusion.*transformer\//)
    renameSync(at('transformer'), at('unet'))
    renameSync(at('other'), at('vae'))
    mkdirSync(join(folders, 'diffusers/empty'), { recursive: true })
    writeFileSync(join(folders, 'diffusers/empty/model_index.json'), '{}')
    await expect(load('empty')).rejects.toThrow(/empty holds no network: unet\/.* is missing/)
    await expect(load('none')).rejects.toThrow(/"none" is not in diffusers\//)
  })
})

test('folders are listed by their place, and are no files', () => {
  const found = modelFolders({ roots: [folders] })
  expect(found.list('diffusers')).toContain('my models/mini')
  expect(found.all().map(({ folder }) => folder)).not.toContain('diffusers')
  expect(found.path('diffusers', 'my models/mini')).toBe(join(folders, 'diffusers/my models/mini'))
})

test('a VAE of diffusers alone is opened by VAELoader, old names too', async () => {
  const vae = await store.vae('old.safetensors')
  const latent = rnd('latent', [1, 4, 4, 4])
  expect(await vae.decode(latent)).toEqual(await one.vae!.decode(latent))
  const { tensors } = familiarVae(openSafetensors(join(folders, 'vae/old.safetensors')))
  const own = [...part('first_stage_model.', name => name)]
  expect([...tensors.keys()].sort()).toEqual(own.map(([name]) => name).sort())
})
