// A whole model as a hook against files that were mixed by hand, tensor by tensor.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { readFloats, type Weights, type WeightType } from '../inference/weights.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import type { Checkpoint } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { variant, varied } from './fixtures/variants.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { DiffusionModel, TextEncoderModel } from './kinds.ts'
import { type ModelStore, modelStore } from './store.ts'

const layer = 'model.diffusion_model.input_blocks.1.0.out_layers.3'

let folder: string
let store: ModelStore
let a: Checkpoint
let b: Checkpoint
const files: Record<'a' | 'b', Weights> = {} as never
const path = (name: string) => join(folder, 'checkpoints', `${name}.safetensors`)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-whole-'))
  for (const kind of ['checkpoints', 'loras']) mkdirSync(join(folder, kind))
  for (const name of ['a', 'b'] as const) files[name] = await variant(path(name), varied(name))
  store = modelStore({ modelDirs: [folder], threads: 1 })
  a = await store.checkpoint('a.safetensors')
  b = await store.checkpoint('b.safetensors')
})
afterAll(async () => {
  await store?.free()
  rmSync(folder, { recursive: true, force: true })
})

const values = (file: Weights, name: string) => readFloats(file.tensors.get(name)!)

async function mixed(name: string, share: number, type: WeightType = 'F32'): Promise<Checkpoint> {
  await variant(
    path(name),
    tensor => {
      const other = values(files.b, tensor)
      return values(files.a, tensor).map((value, i) => value + share * (other[i]! - value))
    },
    type,
  )
  return store.checkpoint(`${name}.safetensors`)
}

async function forward(model: DiffusionModel): Promise<Tensor> {
  const network = await model.network()
  return network.forward({
    x: rnd('whole.x', [1, 4, 8, 8]),
    timesteps: Float32Array.of(500),
    context: rnd('whole.context', [1, 77, 16]),
    y: rnd('whole.y', [1, 16]),
  })
}

const whole = <T extends DiffusionModel | TextEncoderModel>(
  of: T,
  name: string,
  strength: number,
) => of.withAdapter({ file: path(name), strength, whole: true }) as T

describe('a model', () => {
  test.each([0.3, 1, -0.5])('mixes with another as if by hand, at strength %s', async strength => {
    const hand = await mixed(`hand${strength}`, strength)
    const want = await forward(hand.model)
    expect(apart(await forward(whole(a.model, 'b', strength)), want)).toBeLessThan(3e-5)
    expect(apart(await forward(a.model), want)).toBeGreaterThan(1e-2)
  })

  test('strength 0 is the first, 1 the second', async () => {
    expect(apart(await forward(whole(a.model, 'b', 0)), await forward(a.model))).toBeLessThan(1e-5)
    expect(apart(await forward(whole(a.model, 'b', 1)), await forward(b.model))).toBeLessThan(3e-5)
  })

  test('keeps the LoRAs that are on it, and takes more', async () => {
    const [outputs, inputs] = files.a.tensors.get(`${layer}.weight`)!.shape as [number, number]
    const name = layer.replace('model.', '')
    const up = rnd('up', [outputs, 2, 1, 1])
    const down = rnd('down', [2, inputs, 3, 3])
    const file = join(folder, 'loras/under.safetensors')
    writeWeights(file, { [`${name}.lora_up.weight`]: up, [`${name}.lora_down.weight`]: down })
    const lora = { file, strength: 0.4 }
    const want = await forward((await mixed('under', 0.3)).model.withAdapter(lora))
    const under = whole(a.model.withAdapter(lora), 'b', 0.3)
    expect(apart(await forward(under), want)).toBeLessThan(3e-5)
    const over = whole(a.model, 'b', 0.3).withAdapter(lora)
    expect(apart(await forward(over), want)).toBeLessThan(3e-5)
    expect(apart(await forward(whole(a.model, 'b', 0.3)), want)).toBeGreaterThan(1e-3)
  })

  test('another strength needs no other session', async () => {
    await store.free()
    await forward(whole(a.model, 'b', 0.2))
    const before = store.bytes()
    await forward(whole(a.model, 'b', 0.9))
    expect(store.bytes()).toBe(before)
  })
})

test('a text encoder mixes, its table of words included', async () => {
  const text = 'a red bird, (singing:1.3)'
  const hand = await mixed('hand-text', 0.6, 'F16')
  const want = await hand.clip!.encode(text)
  const got = await whole(a.clip!, 'b', 0.6).encode(text)
  // Text encoders go back to the types they are stored in, here 16 bits.
  expect(apart(got.cond, want.cond)).toBeLessThan(1e-4)
  expect(apart(got.pooled!, want.pooled!)).toBeLessThan(1e-4)
  const [first, second] = [await a.clip!.encode(text), await b.clip!.encode(text)]
  expect(apart(first.cond, want.cond)).toBeGreaterThan(2e-2)
  const all = await whole(a.clip!, 'b', 1).encode(text)
  expect(apart(all.cond, second.cond)).toBeLessThan(1e-4)
})

describe('a run whose hooks begin halfway', () => {
  const run = async (type: string, inputs: Record<string, unknown>) => {
    const context = {
      models: store,
      signal: new AbortController().signal,
      previews: false,
      progress: () => {},
    } as unknown as RunContext
    // biome-ignore lint/suspicious/noExplicitAny: outputs of nodes that are looked up by name
    return (await nodeTypes.get(type)!.run(inputs, context)) as Record<string, any>
  }
  const from = { steps: 8, cfg: 3, sampler_name: 'euler', scheduler: 'normal' }
  const latent = () => ({ samples: tensor([1, 4, 8, 8]) })
  const texts = async (clip: unknown) => ({
    positive: (await run('CLIPTextEncode', { text: 'a red bird', clip })).CONDITIONING,
    negative: (await run('CLIPTextEncode', { text: '', clip })).CONDITIONING,
  })

  test('is a run of one model that the other goes on with', async () => {
    const { HOOKS } = await run('CreateHookModelAsLora', {
      ckpt_name: 'b.safetensors',
      strength_model: 1,
      strength_clip: 1,
    })
    const { HOOK_KF: off } = await run('CreateHookKeyframe', { strength_mult: 0, start_percent: 0 })
    const keyframe = { strength_mult: 1, start_percent: 0.45, prev_hook_kf: off }
    const { HOOK_KF: hook_kf } = await run('CreateHookKeyframe', keyframe)
    const { HOOKS: hooks } = await run('SetHookKeyframes', { hooks: HOOKS, hook_kf })
    const set = { clip: a.clip, hooks, apply_to_conds: true, schedule_clip: true }
    const { CLIP } = await run('SetClipHooks', set)
    const asked = await texts(CLIP)
    expect(asked.positive).toHaveLength(2)
    const whole = { ...from, ...asked, seed: 5n, denoise: 1, latent_image: latent() }
    const { LATENT: got } = await run('KSampler', { ...whole, model: a.model })

    // Of eight steps, four lie before 0.45 of the run.
    const first = await run('KSamplerAdvanced', {
      ...from,
      ...(await texts(a.clip)),
      model: a.model,
      noise_seed: 5n,
      add_noise: 'enable',
      latent_image: latent(),
      start_at_step: 0,
      end_at_step: 4,
      return_with_leftover_noise: 'enable',
    })
    const { LATENT: wanted } = await run('KSamplerAdvanced', {
      ...from,
      ...(await texts(b.clip)),
      model: b.model,
      noise_seed: 5n,
      add_noise: 'disable',
      latent_image: first.LATENT,
      start_at_step: 4,
      end_at_step: 8,
      return_with_leftover_noise: 'disable',
    })
    expect(apart(got.samples, wanted.samples)).toBeLessThan(1e-3)
    const plain = { ...whole, ...(await texts(a.clip)), model: a.model }
    const { LATENT: unhooked } = await run('KSampler', plain)
    expect(apart(unhooked.samples, wanted.samples)).toBeGreaterThan(1e-2)
  })

  test('is exact where weights are mixed, with 8-bit weights too', async () => {
    const int8Dir = join(folder, 'int8')
    const rounding = modelStore({ modelDirs: [folder], threads: 1, int8Dir })
    const { model } = await rounding.checkpoint('a.safetensors')
    const got = await forward(whole(model, 'b', 1))
    expect(apart(got, await forward(b.model))).toBeLessThan(3e-5)
    await rounding.free()
  })
})

describe('what does not fit', () => {
  const written = (name: string, change: (tensors: Record<string, Tensor>) => void) => {
    const tensors = Object.fromEntries(
      [...files.a.tensors.keys()].map(key => {
        const weight = files.a.tensors.get(key)!
        return [key, tensor(weight.shape, readFloats(weight))]
      }),
    )
    change(tensors)
    writeWeights(path(name), tensors)
    return openSafetensors(path(name))
  }

  test('is said with both names and the tensor', () => {
    written('wide', tensors => {
      const { shape } = tensors[`${layer}.weight`]!
      tensors[`${layer}.weight`] = tensor([shape[0]! * 2, ...shape.slice(1)])
    })
    expect(() => whole(a.model, 'wide', 1)).toThrow(
      /wide\.safetensors cannot be laid on a\.safetensors: "input_blocks\.1\.0\.out_layers\.3\.weight"/,
    )
    written('other', tensors => {
      for (const key of Object.keys(tensors))
        if (key.startsWith('model.')) {
          tensors[key.replace('model.', 'model.other.')] = tensors[key]!
          delete tensors[key]
        }
    })
    expect(() => whole(a.model, 'other', 1)).toThrow(/other\.safetensors cannot be laid on a\./)
  })

  test('the first layer of a model that sees a picture as well stays', async () => {
    const name = 'model.diffusion_model.input_blocks.0.0.weight'
    written('inpaint', tensors => {
      const [outputs, , ...kernel] = tensors[name]!.shape as [number, number]
      tensors[name] = tensor([outputs, 9, ...kernel])
    })
    expect(apart(await forward(whole(a.model, 'inpaint', 1)), await forward(a.model))).toBeLessThan(
      3e-5,
    )
  })
})
