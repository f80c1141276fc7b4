// Pictures as prompts: SigLIP against transformers, Flux Redux against diffusers, the style adapter
// against its authors' layers, on small networks of random weights.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildFor, type Provider } from '../inference/layers.ts'
import { openSafetensors } from '../inference/safetensors.ts'
import { openSession, type Session } from '../inference/session.ts'
import type { SessionRecipe } from '../inference/session-pool.ts'
import { styleModelApply } from '../nodes/conditioning/style-model-apply.ts'
import type { RunContext } from '../nodes/define.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { addon, expected, QuickPool } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { ConditioningItem, VisionOutput } from './kinds.ts'
import { openStyleModel } from './style-model.ts'
import { attentionBias, tokenWeightExtras } from './token-weights.ts'
import { transformerModel } from './transformer-families.ts'
import { buildVision, ClipVision, visionConfig, visionPixels } from './vision.ts'

const pool = new QuickPool()
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-styles-'))
afterAll(async () => {
  await pool.free()
  rmSync(folder, { recursive: true, force: true })
})
const context = {} as RunContext
const tolerance = 5e-5
const seen = (last: Tensor): VisionOutput => ({ last, penultimate: last })

describe('SigLIP', () => {
  const weights = addon('siglip')

  test('is told from CLIP by what it lacks, and sees as transformers has it', async () => {
    const config = visionConfig(weights)
    expect(config).toEqual({ kind: 'siglip', width: 32, layers: 2, patch: 14, size: 28 })
    const session = await openSession(buildVision(weights, config))
    const { last, penultimate, embeds } = await session.run({
      pixels: rnd('siglip.pixels', [1, 3, 28, 28]),
    })
    await session.release()
    expectClose(last!, expected('siglip.last'), tolerance)
    expectClose(penultimate!, expected('siglip.penultimate'), tolerance)
    expect(embeds).toBeUndefined()
  })

  test('of 384 pixels leaves out the last 6: its patches are of 14', async () => {
    const tensors = new Map(weights.tensors)
    const name = 'vision_model.embeddings.position_embedding.weight'
    const places = rnd('siglip.places', [27 * 27, 32])
    const file = join(folder, 'places.safetensors')
    tensors.set(name, writeWeights(file, { [name]: places }).tensors.get(name)!)
    const large = { ...weights, tensors }
    expect(visionConfig(large).size).toBe(384)
    const see = async (pixels: Tensor) => {
      const session = await openSession(buildVision(large, visionConfig(large)))
      const { last } = await session.run({ pixels })
      await session.release()
      return last!
    }
    const pixels = rnd('siglip.384', [1, 3, 384, 384])
    const changed = tensor(pixels.shape, pixels.data.slice())
    for (let i = 0; i < changed.data.length; i++)
      if (i % 384 >= 378 || Math.floor(i / 384) % 384 >= 378) changed.data[i] = 9
    const last = await see(pixels)
    expect(last.shape).toEqual([1, 729, 32])
    expect(await see(changed)).toEqual(last)
  })

  test('colours reach from -1 to 1', async () => {
    const white = tensor([1, 28, 28, 3], new Float32Array(28 * 28 * 3).fill(1))
    const { data } = visionPixels(white, 28, 'center', 'siglip')
    expect([data[0], data.at(-1)]).toEqual([1, 1])
    const { last } = await new ClipVision(weights, pool).encode(white, 'none')
    expect(last.shape).toEqual([1, 4, 32])
  })
})

describe('style models', () => {
  test('Flux Redux', async () => {
    const got = await openStyleModel(addon('redux'), pool).tokens(seen(expected('siglip.last')))
    expectClose(got, expected('redux'), tolerance)
  })

  test('the style adapter', async () => {
    const got = await openStyleModel(addon('style'), pool).tokens(
      seen(rnd('style.seen', [2, 5, 32])),
    )
    expectClose(got, expected('style'), tolerance)
  })

  test.each(['redux', 'style'])('%s: a GPU gets the operators that are for it', async name => {
    const recipes: SessionRecipe[] = []
    class Watched extends QuickPool {
      override use<T>(recipe: SessionRecipe, work: (session: Session) => Promise<T>): Promise<T> {
        recipes.push(recipe)
        return super.use(recipe, work)
      }
    }
    const watched = new Watched()
    const width = name === 'redux' ? expected('siglip.last').shape[2]! : 32
    await openStyleModel(addon(name), watched).tokens(seen(rnd('gpu', [1, 2, width])))
    await watched.free()
    const types = (provider: Provider) =>
      new Set(buildFor(provider, () => recipes[0]!.build()).nodes.map(({ type }) => type))
    expect(types('cpu')).toContain('FusedMatMul')
    expect(types('webgpu')).not.toContain('FusedMatMul')
    expect(types('webgpu')).not.toContain('MultiHeadAttention')
  })

  test('refuse other files and other vision models in words', async () => {
    expect(() => openStyleModel(addon('siglip'), pool)).toThrow(/is no style model/)
    const wrong = openStyleModel(addon('redux'), pool).tokens(seen(tensor([1, 4, 16])))
    await expect(wrong).rejects.toThrow(/needs SigLIP/)
  })
})

const two = tensor([2, 1, 2], Float32Array.of(1, 2, 3, 4))
const style = { tokens: async () => two }
const given = (item: Partial<ConditioningItem> = {}) => ({
  conditioning: [{ cond: tensor([1, 1, 2], Float32Array.of(9, 9)), ...item }],
  style_model: style,
  clip_vision_output: seen(two),
})

describe('Apply Style Model', () => {
  test('puts the tokens of all pictures behind the text', async () => {
    const inputs = { ...given(), strength: 0.5, strength_type: 'multiply' } as const
    const { CONDITIONING } = await styleModelApply.run(inputs, context)
    expect(CONDITIONING[0]!.cond).toEqual(tensor([1, 3, 2], Float32Array.of(9, 9, 0.5, 1, 1.5, 2)))
    expect(CONDITIONING[0]!.tokenWeights).toBeUndefined()
  })

  test('or says how much they are to be looked at', async () => {
    const inputs = { ...given(), strength: 0.5, strength_type: 'attn_bias' } as const
    const once = await styleModelApply.run(inputs, context)
    const again = { ...inputs, conditioning: once.CONDITIONING, strength: 0 }
    const [item] = (await styleModelApply.run(again, context)).CONDITIONING
    expect(item!.cond.shape).toEqual([1, 5, 2])
    expect(item!.tokenWeights).toEqual([
      { start: 1, length: 2, factor: 0.5 },
      { start: 3, length: 2, factor: 0 },
    ])
  })
})

test('text before a style and the picture look at it by its weight, the style itself as ever', () => {
  const tokenWeights = [{ start: 1, length: 1, factor: 0.5 }]
  const extras = tokenWeightExtras({ tokenWeights, cond: tensor([1, 3, 2]) })
  const input = { extras } as Parameters<typeof attentionBias>[0]
  const bias = attentionBias(input, 2)!
  expect(bias.shape).toEqual([1, 1, 5, 5])
  const column = (key: number) => [0, 1, 2, 3, 4].map(query => bias.data[query * 5 + key])
  const half = Math.fround(Math.log(0.5))
  expect(column(1)).toEqual([half, 0, 0, half, half])
  expect(column(0)).toEqual([0, 0, 0, 0, 0])
  expect(attentionBias({ ...input, extras: {} }, 2)).toBeUndefined()
})

test('Flux that never looks at a style draws as if it were not there', async () => {
  const model = transformerModel(addon('flux'), { pool, openWeights: openSafetensors })!
  const text = rnd('flux.context', [1, 7, 32])
  const styled = tensor([1, 9, 32], Float32Array.of(...text.data, ...new Float32Array(64).fill(3)))
  const draw = async (cond: Tensor, factor?: number) => {
    const weight = factor !== undefined && [{ start: 7, length: 2, factor }]
    const item = { cond, guidance: 3, ...(weight && { tokenWeights: weight }) }
    const network = await model.network()
    return network.forward({
      x: rnd('flux.x', [1, 16, 8, 12]),
      timesteps: Float32Array.of(0.5),
      context: cond,
      y: rnd('flux.pooled', [1, 24]),
      extras: model.extras!(item, { width: 96, height: 64 }),
    })
  }
  const plain = await draw(text)
  expectClose(await draw(styled, 0), plain, 1e-5)
  expect(apart(await draw(styled), plain)).toBeGreaterThan(1e-3)
  expect(apart(await draw(styled, 0.3), await draw(styled))).toBeGreaterThan(1e-4)
})
