// The nodes that merge and save, on variants of the small starter model.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findModels } from '../../host/engine-config.ts'
import { planFolders } from '../../host/folders.ts'
import { clearLeftovers } from '../../host/leftovers.ts'
import { openSafetensors } from '../../inference/safetensors.ts'
import { readBytes, readFloats, type Weights } from '../../inference/weights.ts'
import { rnd } from '../../models/fixtures/goldens.ts'
import { variant, varied } from '../../models/fixtures/variants.ts'
import { writeWeights } from '../../models/fixtures/write-weights.ts'
import type { DiffusionModel } from '../../models/kinds.ts'
import { type ModelStore, modelStore } from '../../models/store.ts'
import { sample } from '../../sampling/sample.ts'
import { runSigmas } from '../../sampling/schedules.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { type RunContext, type Shown, ui } from '../define.ts'
import { diskFiles } from '../disk-files.ts'
import type { FileReference } from '../files.ts'
import { nodeTypes } from '../index.ts'
import type { Checkpoint } from '../models.ts'

const unet = 'model.diffusion_model.'

let folder: string
let store: ModelStore
let a: Required<Checkpoint>
let b: Required<Checkpoint>
let context: RunContext
let told: [number, number][]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-merging-'))
  mkdirSync(join(folder, 'models/checkpoints'), { recursive: true })
  mkdirSync(join(folder, 'models/loras'))
  for (const name of ['a', 'b'])
    await variant(join(folder, `models/checkpoints/${name}.safetensors`), varied(name))
  const folders = planFolders({ dataDir: folder })
  store = modelStore({
    modelDirs: folders.models,
    extraModelDirs: findModels(folders, () => {}).extra,
    mergedDir: join(folder, 'merged'),
    threads: 1,
  })
  a = (await store.checkpoint('a.safetensors')) as Required<Checkpoint>
  b = (await store.checkpoint('b.safetensors')) as Required<Checkpoint>
  const dirs = { inputDir: folders.input, outputDir: folders.output, tempDir: folders.temp }
  context = {
    nodeId: '1',
    signal: new AbortController().signal,
    progress: (done, of) => told.push([done, of]),
    previews: false,
    files: diskFiles(dirs),
    models: store,
    prompt: { 1: { class_type: 'CheckpointSave', inputs: {} } },
    pngInfo: { workflow: { id: 'w' } },
  }
  told = []
})
afterAll(async () => {
  await store?.free()
  rmSync(folder, { recursive: true, force: true })
})

type Answer = Record<string, unknown> & { [ui]?: Shown }
const run = (type: string, inputs: Record<string, unknown>, as = context) =>
  Promise.resolve(nodeTypes.get(type)!.run(inputs as never, as)) as Promise<Answer>

/** Saves and opens what came out. */
async function saved(type: string, inputs: Record<string, unknown>): Promise<Weights[]> {
  const shown = (await run(type, inputs))[ui]!
  const files = shown.files as unknown as FileReference[]
  expect(shown.text).toEqual(
    files.map(({ subfolder, filename }) => `Saved as ${subfolder}/${filename}`),
  )
  return files.map(({ subfolder, filename }) =>
    openSafetensors(join(folder, 'output', subfolder, filename)),
  )
}

const picture = async ({
  model,
  clip,
  vae,
}: Pick<Required<Checkpoint>, 'model' | 'clip' | 'vae'>): Promise<Tensor> => {
  const [positive, negative] = [await clip.encode('a red house'), await clip.encode('')]
  const latent = await sample(
    {
      model,
      positive: [positive],
      negative: [negative],
      latent: { samples: tensor([1, 4, 8, 8]) },
      seed: 7n,
      cfg: 3,
      sampler: 'euler',
      sigmas: runSigmas(model.sampling, 'normal', { steps: 3, denoise: 1 }),
    },
    { signal: context.signal, progress: () => {}, previews: false },
  )
  return vae.decode(latent)
}

const far = (one: Tensor, other: Tensor) =>
  Math.max(...one.data.map((value, i) => Math.abs(value - other.data[i]!)))

const numbers = (weights: Weights, name: string) => readFloats(weights.tensors.get(name)!)
const values = async (model: unknown, name: string) => {
  const { weights } = (model as DiffusionModel).base!
  return weights.made?.tensors.get(name)?.values() ?? numbers(weights, name)
}

describe('merging', () => {
  const name = `${unet}middle_block.1.proj_in.weight`
  const [x, y] = [0.25, -0.5]
  const both = () => {
    const of = (checkpoint: Checkpoint) => numbers(checkpoint.model.base!.weights, name)
    return [of(a), of(b)] as const
  }
  const cases: [type: string, inputs: Record<string, number>, first: number, second: number][] = [
    ['ModelMergeSimple', { ratio: x }, x, 1 - x],
    ['ModelMergeAdd', {}, 1, 1],
    ['ModelMergeSubtract', { multiplier: y }, y, -y],
    ['ModelMergeBlocks', { input: 1, middle: x, out: 0 }, x, 1 - x],
    ['ModelMergeSD1', { 'time_embed.': 1, 'middle_block.1.': x, 'middle_block.': 1 }, x, 1 - x],
    ['ModelMergeSD2', { 'time_embed.': 1, 'middle_block.1.': x }, x, 1 - x],
    ['ModelMergeSDXL', { 'time_embed.': 1, 'middle_block.1': x }, x, 1 - x],
    // None of its blocks is in a UNet: the first number counts.
    ['ModelMergeSD3_2B', { 'pos_embed.': x, 'final_layer.': 1 }, x, 1 - x],
    ['ModelMergeSD35_Large', { 'pos_embed.': x, 'final_layer.': 1 }, x, 1 - x],
    ['ModelMergeFlux1', { 'img_in.': x, 'final_layer.': 1 }, x, 1 - x],
    ['ModelMergeQwenImage', { 'pos_embeds.': x, 'proj_out.': 1 }, x, 1 - x],
  ]
  test.each(cases)('%s %j', async (type, inputs, first, second) => {
    const all = Object.fromEntries(
      Object.keys(nodeTypes.get(type)!.inputs).map(input => [input, 1]),
    )
    const { MODEL } = await run(type, { ...all, ...inputs, model1: a.model, model2: b.model })
    const [one, other] = both()
    const got = await values(MODEL, name)
    for (const [i, value] of one.entries())
      expect(got[i]).toBeCloseTo(first * value + second * other[i]!, 5)
  })

  test.each([
    ['CLIPMergeSimple', { ratio: x }, x, 1 - x],
    ['CLIPMergeAdd', {}, 1, 1],
    ['CLIPMergeSubtract', { multiplier: y }, y, -y],
  ])('%s %j', async (type, inputs, first, second) => {
    const { CLIP } = await run(type, { ...inputs, clip1: a.clip, clip2: b.clip })
    const inner = 'cond_stage_model.transformer.text_model.final_layer_norm.weight'
    const { weights } = (CLIP as Required<Checkpoint>['clip']).encoderParts![0]!.base
    const got = await weights.made!.tensors.get(inner)!.values()
    const of = (checkpoint: Checkpoint) => numbers(checkpoint.model.base!.weights, inner)
    const [one, other] = [of(a), of(b)]
    for (const [i, value] of got.entries())
      expect(value).toBeCloseTo(first * one[i]! + second * other[i]!, 5)
  })

  test('without a folder for it nothing is merged', async () => {
    const nowhere = { ...context, models: { ...store, mergedDir: undefined } }
    const inputs = { model1: a.model, model2: b.model, ratio: 0.5 }
    await expect(async () => run('ModelMergeSimple', inputs, nowhere)).rejects.toThrow(/no folder/)
  })
})

describe('LoraSave', () => {
  const save = async (inputs: Record<string, unknown>) => {
    const { MODEL } = await run('ModelMergeSubtract', {
      model1: b.model,
      model2: a.model,
      multiplier: 1,
    })
    const { CLIP } = await run('CLIPMergeSubtract', { clip1: b.clip, clip2: a.clip, multiplier: 1 })
    const both = { model_diff: MODEL, text_encoder_diff: CLIP, filename_prefix: 'loras/diff' }
    const [file] = await saved('LoraSave', { ...both, rank: 512, bias_diff: true, ...inputs })
    return file!
  }

  test.each(['standard', 'full_diff'])(
    '%s: the one model plus the difference is the other',
    async lora_type => {
      const { file } = await save({ lora_type })
      const model = a.model.withAdapter({ file, strength: 1 })
      const lost = model.unusedLayers!(file).filter(layer => layer.startsWith('diffusion_model.'))
      expect(lost).toEqual([])
      const got = await picture({ ...a, model, clip: a.clip.withAdapter({ file, strength: 1 }) })
      const want = await picture({ ...b, vae: a.vae })
      expect(far(got, want)).toBeLessThan(2e-2)
      expect(far(await picture(a), want)).toBeGreaterThan(1e-1)
    },
  )

  test('of small rank it is small, without biases if they are not wanted', async () => {
    const { tensors } = await save({ rank: 2, bias_diff: false, lora_type: 'standard' })
    const names = [...tensors.keys()]
    expect(names.filter(name => !/\.lora_(up|down)\.weight$/.test(name))).toEqual([])
    const at = 'diffusion_model.input_blocks.1.0.in_layers.2.lora_'
    const { shape } = a.model.base!.weights.tensors.get(
      `${unet}input_blocks.1.0.in_layers.2.weight`,
    )!
    expect(tensors.get(`${at}down.weight`)!.shape).toEqual([2, shape[1], 3, 3])
    expect(tensors.get(`${at}up.weight`)!.shape).toEqual([shape[0], 2, 1, 1])
    const inputs = { filename_prefix: 'l', rank: 1, lora_type: 'standard', bias_diff: true }
    await expect(run('LoraSave', inputs)).rejects.toThrow(/Connect a difference/)
  })
})

describe('saving', () => {
  test('CheckpointSave: what comes back draws the same picture; its keys, types and words', async () => {
    const { MODEL } = await run('ModelMergeSimple', {
      model1: a.model,
      model2: b.model,
      ratio: 0.5,
    })
    const { CLIP } = await run('CLIPMergeSimple', { clip1: a.clip, clip2: b.clip, ratio: 0.5 })
    const merged = { model: MODEL, clip: CLIP, vae: b.vae } as Required<Checkpoint>
    told = []
    const filename_prefix = 'checkpoints/mine'
    const [file] = await saved('CheckpointSave', { ...merged, filename_prefix })
    expect(told.at(-1)![0]).toBe(told.at(-1)![1])
    expect(file!.file).toMatch(/output\/checkpoints\/mine_00001_\.safetensors$/)
    const source = a.model.base!.weights
    const described = ({ tensors }: Weights) =>
      [...tensors].map(([name, { type, shape }]) => `${name} ${type} ${shape}`).sort()
    // The starter predicts v, which other programs are told by a tensor.
    expect(described(file!)).toEqual([...described(source), 'v_pred F32 0'].sort())
    expect(file!.metadata).toEqual({
      'comfyrunner.head_dim': '8',
      'comfyrunner.norm_groups': '8',
      'comfyrunner.text_heads': '2',
      'modelspec.predict_key': 'v',
      'modelspec.prediction_type': 'v',
      prompt: '{"1":{"class_type":"CheckpointSave","inputs":{}}}',
      workflow: '{"id":"w"}',
    })
    expect(store.list('checkpoints')).toContain('mine_00001_.safetensors')
    const again = (await store.checkpoint('mine_00001_.safetensors')) as Required<Checkpoint>
    const [before, after] = [await picture(merged), await picture(again)]
    // The network's sums were rounded to fp16 in the file.
    expect(far(before, after)).toBeLessThan(1 / 255)
    expect(far(before, await picture(a))).toBeGreaterThan(2e-2)
  })

  test('LoRAs are folded in and rounded once; the rest is copied bit for bit', async () => {
    const layer = 'input_blocks.1.0.emb_layers.1'
    const source = a.model.base!.weights
    const under = source.tensors.get(`${unet}${layer}.weight`)!
    const [outputs, inputs] = under.shape as [number, number]
    const up = rnd('up', [outputs, 1])
    const down = rnd('down', [1, inputs])
    const { file } = writeWeights(join(folder, 'models/loras/l.safetensors'), {
      [`diffusion_model.${layer}.lora_up.weight`]: up,
      [`diffusion_model.${layer}.lora_down.weight`]: down,
    })
    const model = a.model.withAdapter({ file, strength: 0.5 })
    const [{ tensors }] = (await saved('ModelSave', { model, filename_prefix: 'd/m' })) as [Weights]
    const names = [...source.tensors.keys()].filter(name => name.startsWith(unet))
    expect([...tensors.keys()].sort()).toEqual([...names, 'v_pred'].sort())
    for (const name of names)
      if (name !== `${unet}${layer}.weight`)
        expect(readBytes(tensors.get(name)!)).toEqual(readBytes(source.tensors.get(name)!))
    const got = readFloats(tensors.get(`${unet}${layer}.weight`)!)
    for (const [i, value] of readFloats(under).entries()) {
      const wanted = value + 0.5 * up.data[Math.floor(i / inputs)]! * down.data[i % inputs]!
      expect(Math.abs(got[i]! - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 2 ** -11 + 1e-7)
    }
  })

  test('ModelSave, CLIPSave and VAESave: each is found by its loader and does the same', async () => {
    const { model, clip, vae } = a
    await saved('ModelSave', { model, filename_prefix: 'diffusion_models/x' })
    await saved('CLIPSave', { clip, filename_prefix: 'clip/x' })
    await saved('VAESave', { vae, filename_prefix: 'vae/x' })
    const parts = {
      model: await store.diffusionModel('x_00001_.safetensors'),
      clip: await store.textEncoder(['x_clip_l_00001_.safetensors'], 'stable_diffusion'),
      vae: await store.vae('x_00001_.safetensors'),
    }
    expect(await picture(parts)).toEqual(await picture(a))
    const names = (kind: string, name: string) => [
      ...openSafetensors(store.path(kind, name)).tensors.keys(),
    ]
    expect(names('text_encoders', 'x_clip_l_00001_.safetensors')).toContain(
      'text_model.final_layer_norm.weight',
    )
    expect(names('vae', 'x_00001_.safetensors')).toContain('decoder.conv_in.weight')
  })

  test('interrupted, nothing is left; what cannot be saved says so', async () => {
    const abort = new AbortController()
    const dir = join(folder, 'output/stopped')
    const seen: string[][] = []
    const progress = () => {
      seen.push(readdirSync(dir))
      abort.abort()
    }
    const stopping = { ...context, signal: abort.signal, progress }
    const inputs = { model: a.model, filename_prefix: 'stopped/m' }
    await expect(run('ModelSave', inputs, stopping)).rejects.toThrow(/abort/i)
    expect(readdirSync(dir)).toEqual([])
    // Killed at that moment it would leave this, which the next start clears away.
    const [left] = seen[0]!
    expect(seen[0]).toHaveLength(1)
    writeFileSync(join(dir, left!), 'half')
    const later = Date.now() + 2 * 3600 * 1000
    expect([clearLeftovers(join(folder, 'output'), later), readdirSync(dir)]).toEqual([1, []])
    const none = { ...a.vae, stored: undefined }
    await expect(run('VAESave', { vae: none, filename_prefix: 'v' })).rejects.toThrow(
      /cannot be saved: it is two files/,
    )
    await expect(run('ModelSave', { model: a.model, filename_prefix: '../out' })).rejects.toThrow(
      /leads out of the output folder/,
    )
    expect(existsSync(join(folder, 'out_00001_.safetensors'))).toBe(false)
  })
})
