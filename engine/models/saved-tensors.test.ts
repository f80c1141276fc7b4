// Under which names models are saved, and that all of their tensors are.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { narrowed } from '../inference/narrow.ts'
import { openSafetensors } from '../inference/safetensors.ts'
import { layoutOf, type TensorToWrite, writeSafetensors } from '../inference/safetensors-writer.ts'
import { readBytes, readFloats, type Weights, type WeightType } from '../inference/weights.ts'
import { evenly } from '../nodes/merge-fields.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { addon, QuickPool } from './fixtures/addons.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { DiffusionModel, EncoderPart, TextEncoderModel } from './kinds.ts'
import { LoraBranch } from './lora.ts'
import { weightChange } from './lora-changes.ts'
import { mergeModels } from './merge.ts'
import { mergedWeights } from './merged-weights.ts'
import { modelSpec } from './model-spec.ts'
import type { NetworkBase } from './network-base.ts'
import { checkpointEncoders, encoderTensors, modelTensors, vaePrefix } from './saved-tensors.ts'
import { familiarNames } from './tensor-names.ts'
import { transformerModel } from './transformer-families.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-saved-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const fresh = () => join(folder, `${++count}.safetensors`)

async function written(tensors: readonly TensorToWrite[]): Promise<Weights> {
  const file = fresh()
  await writeSafetensors(file, layoutOf(tensors))
  return openSafetensors(file)
}

const plain = (weights: Weights): NetworkBase => ({
  weights,
  key: weights.file,
  branches: () => [],
  strengths: {},
})

/** Names of one layer, and what is around the layers. */
const encoder = (projection: string): Record<string, Tensor> => {
  const shapes: Record<string, number[]> = {
    'embeddings.token_embedding.weight': [6, 4],
    'embeddings.position_embedding.weight': [3, 4],
    'final_layer_norm.weight': [4],
    'final_layer_norm.bias': [4],
    'encoder.layers.0.layer_norm1.weight': [4],
    'encoder.layers.0.layer_norm2.bias': [4],
    'encoder.layers.0.self_attn.q_proj.weight': [4, 4],
    'encoder.layers.0.self_attn.k_proj.weight': [4, 4],
    'encoder.layers.0.self_attn.v_proj.weight': [4, 4],
    'encoder.layers.0.self_attn.q_proj.bias': [4],
    'encoder.layers.0.self_attn.k_proj.bias': [4],
    'encoder.layers.0.self_attn.v_proj.bias': [4],
    'encoder.layers.0.self_attn.out_proj.weight': [4, 4],
    'encoder.layers.0.mlp.fc1.weight': [8, 4],
    'encoder.layers.0.mlp.fc2.weight': [4, 8],
  }
  const all = Object.entries(shapes).map(([name, shape]) => [
    `text_model.${name}`,
    rnd(name, shape),
  ])
  return { ...Object.fromEntries(all), [projection]: rnd('projection', [4, 5]) }
}

const clipOf = (...parts: [string, Weights, string?][]): TextEncoderModel => {
  const encoderParts: EncoderPart[] = parts.map(([name, weights, prefix = '']) => ({
    name,
    base: plain(weights),
    prefix,
  }))
  return { encoderParts } as unknown as TextEncoderModel
}
const unet = {} as DiffusionModel

describe('text encoders in a checkpoint', () => {
  test('SD1: under its own names', async () => {
    const own = writeWeights(fresh(), encoder('text_projection.weight'))
    const { tensors } = await written(checkpointEncoders(clipOf(['clip_l', own]), unet))
    expect([...tensors.keys()].sort()).toEqual(
      [...own.tensors.keys()].map(name => `cond_stage_model.transformer.${name}`).sort(),
    )
  })

  test("SD2's is OpenCLIP's: queries, keys and values are one; read again, it is the same", async () => {
    const own = writeWeights(fresh(), encoder('text_projection'))
    const file = await written(checkpointEncoders(clipOf(['clip_h', own]), unet))
    const at = 'cond_stage_model.model.'
    const shape = (name: string) => file.tensors.get(at + name)?.shape
    expect(shape('transformer.resblocks.0.attn.in_proj_weight')).toEqual([12, 4])
    expect(shape('transformer.resblocks.0.attn.in_proj_bias')).toEqual([12])
    expect(shape('transformer.resblocks.0.mlp.c_fc.weight')).toEqual([8, 4])
    expect([...file.tensors.keys()].filter(name => !name.startsWith(at))).toEqual([])
    const again = familiarNames(file).tensors
    for (const [name, weight] of own.tensors)
      expect(readFloats(again.get(`cond_stage_model.transformer.${name}`)!), name).toEqual(
        readFloats(weight),
      )
    expect(again.size).toBe(own.tensors.size)
  })

  test("SDXL's two lie side by side; a projection of another direction is turned", async () => {
    const files = ['text_projection.weight', 'text_projection.weight'].map(projection =>
      writeWeights(fresh(), encoder(projection)),
    ) as [Weights, Weights]
    const both = clipOf(['clip_l', files[0]], ['clip_g', files[1]])
    const { tensors } = await written(checkpointEncoders(both, unet))
    expect(tensors.has('conditioner.embedders.0.transformer.text_projection.weight')).toBe(true)
    const turned = tensors.get('conditioner.embedders.1.model.text_projection')!
    const from = files[1].tensors.get('text_projection.weight')!
    expect([from.shape, turned.shape]).toEqual([
      [4, 5],
      [5, 4],
    ])
    const [before, after] = [readFloats(from), readFloats(turned)]
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 5; column++)
        expect(after[column * 4 + row]).toBe(before[row * 5 + column])
    const refiner = await written(checkpointEncoders(clipOf(['clip_g', files[1]]), unet))
    expect(refiner.tensors.has('conditioner.embedders.0.model.ln_final.weight')).toBe(true)
  })

  test("SD3's and Flux' go by name; language models are refused", async () => {
    const own = writeWeights(fresh(), encoder('text_projection.weight'))
    const t5 = writeWeights(fresh(), { 'encoder.final_layer_norm.weight': rnd('t5', [4]) })
    const transformer = { jointAttention: true } as DiffusionModel
    const clip = clipOf(['clip_g', own], ['t5xxl', t5])
    const { tensors } = await written(checkpointEncoders(clip, transformer))
    expect(tensors.has('text_encoders.t5xxl.transformer.encoder.final_layer_norm.weight')).toBe(
      true,
    )
    expect(tensors.has('text_encoders.clip_g.transformer.text_model.final_layer_norm.weight')).toBe(
      true,
    )
    expect(() => checkpointEncoders({} as TextEncoderModel, transformer)).toThrow(
      /cannot be saved: only CLIP and T5/,
    )
  })

  test('alone, each has a file of its own names', async () => {
    const tensors = encoder('text_projection.weight')
    const named = Object.entries(tensors).map(([name, value]) => [`clip.${name}`, value])
    const own = writeWeights(fresh(), { ...Object.fromEntries(named), other: rnd('o', [1]) })
    const [part] = clipOf(['clip_l', own, 'clip.']).encoderParts!
    const file = await written(encoderTensors(part!))
    expect([...file.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort())
  })
})

describe('weights in 8 bits with a number beside them', () => {
  const scale = 0.25
  const layer = 'model.diffusion_model.layer'
  const file = async (): Promise<Weights> => {
    const entry = (name: string, type: WeightType, shape: number[], values: Float32Array) => ({
      name,
      type,
      shape,
      bytes: () => [narrowed(values, type)],
    })
    return written([
      entry(`${layer}.weight`, 'F8_E4M3', [2, 2], Float32Array.of(1, 2, -3, 4)),
      entry(`${layer}.scale_weight`, 'F32', [], Float32Array.of(scale)),
      entry(`${layer}.bias`, 'F16', [2], Float32Array.of(5, 6)),
    ])
  }
  const model = (base: NetworkBase) =>
    ({ base, sampling: { prediction: 'flow', sigmaMax: 1 } }) as unknown as DiffusionModel

  test('unchanged they are copied as they are', async () => {
    const weights = await file()
    const copy = await written(modelTensors(model(plain(weights))))
    for (const [name, weight] of weights.tensors)
      expect(readBytes(copy.tensors.get(name)!)).toEqual(readBytes(weight))
    expect(copy.tensors.size).toBe(3)
  })

  test('changed, the number is multiplied in', async () => {
    const weights = await file()
    const diff = writeWeights(fresh(), { diff: tensor([2, 2], Float32Array.of(1, 0, 0, 0)) })
    const change = weightChange({ diff: diff.tensors.get('diff')! }, [2, 2])!
    const base = {
      ...plain(weights),
      branches: () => [new LoraBranch('lora0', new Map([[`${layer}.weight`, change]]))],
      strengths: { lora0: tensor([], Float32Array.of(0.5)) },
    }
    const { tensors } = await written(modelTensors(model(base)))
    expect([...tensors.keys()].sort()).toEqual([`${layer}.bias`, `${layer}.weight`])
    expect(tensors.get(`${layer}.weight`)!.type).toBe('BF16')
    const changed = readFloats(tensors.get(`${layer}.weight`)!)
    expect([...changed]).toEqual([1 * scale + 0.5, 2 * scale, -3 * scale, 4 * scale])
  })

  test('merged too', async () => {
    const weights = await file()
    const part = { base: plain(weights), prefix: 'model.diffusion_model.' }
    const options = { dir: folder, float32BytesMax: 0 }
    const merged = mergedWeights(part, part, () => [1, 1], options).weights
    expect(merged.tensors.has(`${layer}.scale_weight`)).toBe(false)
    await merged.made!.ready()
    const sum = [2 * scale, 4 * scale, -6 * scale, 8 * scale]
    expect([...readFloats(merged.tensors.get(`${layer}.weight`)!)]).toEqual(sum)
    const { tensors } = await written(modelTensors(model(plain(merged))))
    expect([...readFloats(tensors.get(`${layer}.weight`)!)]).toEqual(sum)
    expect(tensors.get(`${layer}.bias`)!.type).toBe('F16')
  })

  test('in whose place others lie lose it', async () => {
    const base = plain(await file())
    const other = plain(
      writeWeights(fresh(), {
        [`${layer}.weight`]: rnd('w', [2, 2]),
        [`${layer}.bias`]: rnd('b', [2]),
      }),
    )
    const merge = (first: NetworkBase, second: NetworkBase, mine: 0 | 1) => {
      const [one, two] = [first, second].map(base => ({ base, prefix: 'model.diffusion_model.' }))
      const shares = () => [mine, 1 - mine] as const
      return mergedWeights(one!, two!, shares, { dir: folder, float32BytesMax: 0 }).weights.tensors
    }
    const theirs = merge(base, other, 0)
    expect(theirs.get(`${layer}.weight`)).toEqual(other.weights.tensors.get(`${layer}.weight`))
    expect(theirs.has(`${layer}.scale_weight`)).toBe(false)
    expect(merge(base, other, 1)).toEqual(base.weights.tensors)
    // Without a number beside it, the scaled one of another file has to be computed.
    expect(merge(other, base, 0).get(`${layer}.weight`)!.file).toMatch(/merged\.safetensors$/)
  })
})

test('a transformer is merged and saved like a UNet', async () => {
  const pool = new QuickPool()
  const open = (weights: Weights) =>
    transformerModel(weights, { pool, openWeights: openSafetensors })!
  const file = addon('flux')
  const model = open(file)
  const { merged } = mergeModels(model, model, evenly(0.5), folder)
  const forward = async (of: DiffusionModel) => {
    const network = await of.network()
    return network.forward({
      x: rnd('saved.x', [1, 16, 4, 4]),
      timesteps: Float32Array.of(0.5),
      context: rnd('saved.context', [1, 3, contextWidth]),
      y: rnd('saved.y', [1, network.adm]),
      extras: of.extras?.({ cond: tensor([1, 1, 1]) }, { width: 32, height: 32 }),
    })
  }
  const contextWidth = file.tensors.get('txt_in.weight')!.shape[1]!
  const [one, other] = [await forward(model), await forward(merged)]
  // Half and half of the same numbers are these numbers.
  expect(apart(other, one)).toBeLessThan(1e-5)
  expect(other.data.some(value => value !== 0)).toBe(true)
  const saved = await written(modelTensors(merged))
  for (const [name, weight] of file.tensors) {
    const copy = saved.tensors.get(`model.diffusion_model.${name}`)!
    expect([copy.type, readBytes(copy)]).toEqual([weight.type, readBytes(weight)])
  }
  expect(saved.tensors.size).toBe(file.tensors.size)
  expect(modelSpec(model, 'mine')['modelspec.architecture']).toMatch(/^flux-1-(dev|schnell)$/)
  expect(vaePrefix(model)).toBe('vae.')
  await pool.free()
})
