// Files of weights that are damaged by chance: each is taken, or refused in a sentence that names it.
import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelError } from '../inference/model-error.ts'
import type { Checkpoint, Models } from '../nodes/models.ts'
import {
  cut,
  dice,
  fixture,
  joined,
  modelsPlace,
  type Place,
  parts,
  refusal,
  scratched,
  spoiled,
  starter,
  takenOrSaid,
} from './fixtures/damaged.ts'

const zipped = fixture('../../inference/fixtures/compact_x4_params.pth')
const legacy = fixture('../../inference/fixtures/compact_x2_legacy.pth')

/** `PARITY=all` throws the dice for a minute or two. */
const times = process.env.PARITY === 'all' ? 15 : 1

let place: Place
beforeAll(() => {
  place = modelsPlace()
})
afterAll(() => place.remove())

/** Every way in which a node opens a file, the folder first. */
const ways: [string, (models: Models, name: string) => Promise<unknown>][] = [
  ['checkpoints', (models, name) => models.checkpoint(name)],
  ['diffusion_models', (models, name) => models.diffusionModel(name)],
  ['text_encoders', (models, name) => models.textEncoder([name], 'stable_diffusion')],
  ['text_encoders', (models, name) => models.textEncoder([name], 'flux')],
  ['text_encoders', (models, name) => models.textEncoder([name], 'qwen_image')],
  ['text_encoders', (models, name) => models.textEncoder([name], 'lumina2')],
  ['vae', (models, name) => models.vae(name)],
  ['controlnet', (models, name) => models.controlnet(name)],
  ['upscale_models', (models, name) => models.upscaler(name)],
  ['clip_vision', (models, name) => models.vision(name)],
  ['style_models', (models, name) => models.styleModel(name)],
  ['gligen', (models, name) => models.gligen(name)],
  ['model_patches', (models, name) => models.modelPatch(name)],
]

/** Opens a file in every way. → how often it was taken. */
async function openEverywhere(name: string, bytes: Uint8Array, what: string): Promise<number> {
  const kinds = [...new Set(ways.map(([kind]) => kind))]
  const [first = '', ...others] = kinds.map(kind => join(place.folder, kind, name))
  for (const file of [first, ...others]) rmSync(file, { force: true })
  writeFileSync(first, bytes)
  for (const file of others) linkSync(first, file)
  let taken = 0
  for (const [kind, open] of ways)
    if (await takenOrSaid(() => open(place.store, name), name, `${what}, in ${kind}`)) taken++
  return taken
}

describe('by chance', () => {
  test('a damaged safetensors file is taken or refused by its name, in every folder', async () => {
    const roll = dice('safetensors')
    let taken = 0
    for (let i = 0; i < 30 * times; i++) {
      const change = [spoiled, spoiled, cut, scratched][roll(4)]!
      taken += await openEverywhere(`s${i % 4}.safetensors`, change(starter, roll), `file ${i}`)
    }
    expect(taken).toBeGreaterThan(5 * times)
    expect(taken).toBeLessThan(150 * times)
  })

  test('so is a damaged .pth, new and old', async () => {
    const roll = dice('pickles')
    let taken = 0
    for (let i = 0; i < 120 * times; i++) {
      const change = [cut, scratched, scratched][roll(3)]!
      const file = change(roll(2) === 0 ? zipped : legacy, roll)
      const name = `p${i % 4}.pth`
      place.put('upscale_models', name, file)
      if (await takenOrSaid(() => place.store.upscaler(name), name, `file ${i}`)) taken++
    }
    expect(taken).toBeGreaterThan(5 * times)
    expect(taken).toBeLessThan(115 * times)
  })

  test('what was taken runs, or says why not', async () => {
    const roll = dice('running')
    let ran = 0
    for (let i = 0; i < 8 * times; i++) {
      const name = `r${i}.safetensors`
      place.put('checkpoints', name, spoiled(starter, roll))
      await takenOrSaid(
        async () => {
          const { model, clip, vae } = await place.store.checkpoint(name)
          const { cond } = (await clip?.encode('x')) ?? {}
          const network = await model.network()
          const x = { shape: [1, 4, 8, 8], data: new Float32Array(256) }
          const y = { shape: [1, 16], data: new Float32Array(16) }
          if (cond) await network.forward({ x, timesteps: Float32Array.of(9), context: cond, y })
          await vae?.decode(x)
          ran++
        },
        name,
        `file ${i}`,
      )
      await place.store.free()
    }
    expect(ran).toBeGreaterThan(0)
    expect(ran).toBeLessThan(8 * times)
  })
})

/** One LoRA of each kind, for a kernel and a matrix of the starter. */
function loras(): Uint8Array[] {
  const at = (layer: string) => {
    const { shape } = parts(starter).header[`model.diffusion_model.${layer}.weight`]!
    const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]]
    return { name: `lora_unet_${layer.replaceAll('.', '_')}`, outputs, inputs, kernel }
  }
  const kernel = at('input_blocks.1.0.out_layers.3')
  const matrix = at('input_blocks.1.0.emb_layers.1')
  const { outputs: o, inputs: i } = kernel
  const kinds: [typeof kernel, Record<string, number[]>][] = [
    [kernel, { 'lora_up.weight': [o, 2, 1, 1], 'lora_down.weight': [2, i, 3, 3], alpha: [] }],
    [
      kernel,
      {
        'lora_up.weight': [o, 2, 1, 1],
        'lora_mid.weight': [2, 2, 3, 3],
        'lora_down.weight': [2, i, 1, 1],
      },
    ],
    [
      kernel,
      { hada_w1_a: [o, 2], hada_w1_b: [2, 9 * i], hada_w2_a: [o, 2], hada_w2_b: [2, 9 * i] },
    ],
    [kernel, { lokr_w1: [2, 2], lokr_w2_a: [o / 2, 2], lokr_w2_b: [2, (9 * i) / 2], alpha: [] }],
    [kernel, { oft_blocks: [o / 2, 2, 2], alpha: [] }],
    [kernel, { oft_blocks: [1, o / 2, 2, 2], rescale: [o, 1, 1, 1] }],
    [
      matrix,
      {
        'lora_up.weight': [matrix.outputs, 2],
        'lora_down.weight': [2, matrix.inputs],
        dora_scale: [matrix.outputs, 1],
      },
    ],
    [
      matrix,
      {
        'a1.weight': [matrix.inputs, 2],
        'a2.weight': [2, matrix.inputs],
        'b1.weight': [matrix.outputs, 2],
        'b2.weight': [2, matrix.inputs],
      },
    ],
    [matrix, { diff: [matrix.outputs, matrix.inputs], diff_b: [matrix.outputs] }],
  ]
  return kinds.map(([{ name }, tensors]) => {
    let end = 0
    const header: Record<string, unknown> = {}
    for (const [part, shape] of Object.entries(tensors)) {
      const begin = end
      end += 4 * shape.reduce((a, b) => a * b, 1)
      header[`${name}.${part}`] = { dtype: 'F32', shape, data_offsets: [begin, end] }
    }
    return joined(header, new Uint8Array(new Float32Array(end / 4).fill(0.01).buffer))
  })
}

test('a damaged LoRA of any kind is laid on, or refused by its name', async () => {
  place.put('checkpoints', 'under.safetensors', starter)
  const { model } = await place.store.checkpoint('under.safetensors')
  const use = async (file: string) => {
    const network = await model.withAdapter({ file, strength: 1 }).network()
    const x = { shape: [1, 4, 8, 8], data: new Float32Array(256) }
    const context = { shape: [1, 4, 16], data: new Float32Array(64) }
    const y = { shape: [1, 16], data: new Float32Array(16) }
    await network.forward({ x, timesteps: Float32Array.of(9), context, y })
    await place.store.free()
  }
  const whole = loras()
  for (const [i, file] of whole.entries()) {
    const name = `whole${i}.safetensors`
    expect(await takenOrSaid(() => use(place.put('loras', name, file)), name, name)).toBe(true)
  }
  const roll = dice('loras')
  let taken = 0
  for (let i = 0; i < 3 * whole.length * times; i++) {
    const name = `lora${i}.safetensors`
    const path = place.put('loras', name, spoiled(whole[i % whole.length]!, roll))
    if (await takenOrSaid(() => use(path), name, `file ${i}`)) taken++
  }
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(3 * whole.length * times)
})

describe('weights that are no numbers', () => {
  /** The starter with NaN in the tensors that the pattern fits. */
  function withNaN(pattern: RegExp): Uint8Array {
    const out = Uint8Array.from(starter)
    const start = 8 + Number(Buffer.from(out).readBigUInt64LE(0))
    const view = new DataView(out.buffer)
    for (const [name, { dtype, data_offsets }] of Object.entries(parts(starter).header))
      if (pattern.test(name)) {
        const [begin] = data_offsets as [number, number]
        if (dtype === 'F16') view.setUint16(start + begin, 0x7e00, true)
        else view.setFloat32(start + begin, Number.NaN, true)
      }
    return out
  }
  const latent = () => ({ shape: [1, 4, 8, 8], data: new Float32Array(256).fill(0.1) })
  const message = /computed values that are no numbers \(NaN\)/

  test.each<[string, RegExp, (loaded: Checkpoint) => Promise<unknown>]>([
    ['text', /final_layer_norm\.weight$/, ({ clip }) => clip!.encode('x')],
    ['vae', /decoder\.conv_in\.weight$/, ({ vae }) => vae!.decode(latent())],
    [
      'unet',
      /diffusion_model\.out\.2\.weight$/,
      async ({ model, clip }) => {
        const { cond, pooled } = await clip!.encode('x')
        const network = await model.network()
        const timesteps = Float32Array.of(9)
        return network.forward({ x: latent(), timesteps, context: cond, y: pooled })
      },
    ],
  ])('are said when they are used: %s', async (name, pattern, use) => {
    const file = `nan-${name}.safetensors`
    place.put('checkpoints', file, withNaN(pattern))
    const loaded = await place.store.checkpoint(file)
    const error = await refusal(() => use(loaded))
    expect(error).toBeInstanceOf(ModelError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toContain(file)
  })

  test('a network that is given none is not blamed', async () => {
    place.put('checkpoints', 'blameless.safetensors', starter)
    const { vae } = await place.store.checkpoint('blameless.safetensors')
    const { data } = await vae!.decode({
      ...latent(),
      data: new Float32Array(256).fill(Number.NaN),
    })
    expect(data.some(Number.isNaN)).toBe(true)
  })
})
