// Multiplied attention against files whose tensors were multiplied by hand.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { readFloats, type Weights } from '../inference/weights.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { withGuidance } from '../sampling/model-patches.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { AttentionFactors, DiffusionModel, TextEncoderModel } from './kinds.ts'
import { ClipTextEncoder, clipTowers } from './text-encoder.ts'
import { tokenizerFile } from './tokenizer-file.ts'

const pool = new QuickPool()
const unet = smallUnet(pool)
const context = {} as RunContext
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-factors-'))
afterAll(async () => {
  await pool.free()
  rmSync(folder, { recursive: true, force: true })
})

const factors = { q: 1.5, k: 0.5, v: 2, out: 0.25 }

async function multiplied(type: string, inputs: Record<string, unknown>) {
  const answer = await nodeTypes.get(type)!.run({ ...factors, ...inputs }, context)
  return Object.values(answer)[0]
}

/** The file again, every projection of `layers` times its factor. */
function scaledFile(weights: Weights, file: string, names: Record<string, number>): Weights {
  const tensors = [...weights.tensors].map(([name, weight]) => {
    const found = Object.keys(names).find(part => name.includes(`.${part}.`))
    const data = readFloats(weight)
    const scaled = found ? data.map(value => value * names[found]!) : data
    return [name, tensor(weight.shape, scaled)] as const
  })
  return { ...writeWeights(file, Object.fromEntries(tensors)), metadata: weights.metadata }
}

async function answer(model: DiffusionModel): Promise<Tensor> {
  const network = await model.network()
  return network.forward({
    x: rnd('x', [2, 4, 16, 16]),
    timesteps: new Float32Array(2).fill(500),
    context: rnd('context', [2, 5, 16]),
  })
}

describe('a UNet', () => {
  test.each([
    ['UNetSelfAttentionMultiply', 'attn1'],
    ['UNetCrossAttentionMultiply', 'attn2'],
  ] as const)('%s is the file with weights and biases multiplied', async (type, layers) => {
    const byHand = smallUnet(pool, weights =>
      scaledFile(weights, join(folder, `${layers}.safetensors`), {
        [`${layers}.to_q`]: factors.q,
        [`${layers}.to_k`]: factors.k,
        [`${layers}.to_v`]: factors.v,
        [`${layers}.to_out.0`]: factors.out,
      }),
    )
    const got = await answer(await multiplied(type, { model: unet }))
    expectClose(got, await answer(byHand), 5e-6)
    expect(apart(got, await answer(unet))).toBeGreaterThan(1e-3)
  })

  test('other numbers need no other session, ones change nothing', async () => {
    const ones = { q: 1, k: 1, v: 1, out: 1 }
    const open = pool.keys.length
    const got = await answer(
      await multiplied('UNetSelfAttentionMultiply', { model: unet, ...ones }),
    )
    expect(pool.keys.length).toBe(open)
    expectClose(got, await answer(unet), 5e-6)
  })

  test('twice is the product, and patches and schedules stay', async () => {
    const patched = withGuidance(unet, () => ({}))
    const once = await multiplied('UNetCrossAttentionMultiply', { model: patched })
    const twice: DiffusionModel = await multiplied('UNetCrossAttentionMultiply', { model: once })
    expect(twice.patches?.guidance).toHaveLength(1)
    const squared: AttentionFactors = { layers: 'attn2', q: 2.25, k: 0.25, v: 4, out: 0.0625 }
    const want = await answer(unet.withFactors(squared).withSampling(unet.sampling))
    expectClose(await answer(twice), want, 5e-6)
  })

  test('a LoRA that comes before is multiplied too, one that comes later is not', async () => {
    const layer = 'down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q'
    const key = 'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight'
    const width = unet.weights.tensors.get(key)!.shape[0]!
    const file = join(folder, 'lora.safetensors')
    writeWeights(file, {
      [`lora_unet_${layer}.lora_up.weight`]: rnd('up', [width, 2]),
      [`lora_unet_${layer}.lora_down.weight`]: rnd('down', [2, width]),
    })
    const lora = (strength: number) => ({ file, strength })
    const times: AttentionFactors = { layers: 'attn1', q: 0.5, k: 1, v: 1, out: 1 }
    const before = await answer(unet.withAdapter(lora(1)).withFactors!(times))
    const later = await answer(unet.withFactors(times).withAdapter(lora(1)))
    const laterHalf = await answer(unet.withFactors(times).withAdapter(lora(0.5)))
    expectClose(before, laterHalf, 5e-6)
    expect(apart(before, later)).toBeGreaterThan(1e-3)
  })

  test('others are refused, by the node’s name', async () => {
    const model = { ...unet, withFactors: undefined }
    const wrong = async () => multiplied('UNetSelfAttentionMultiply', { model })
    await expect(wrong()).rejects.toThrow(/UNetSelfAttentionMultiply works with UNet/)
    const clip = {} as TextEncoderModel
    await expect((async () => multiplied('CLIPAttentionMultiply', { clip }))()).rejects.toThrow(
      /CLIP text encoders/,
    )
  })
})

test('CLIPAttentionMultiply is the file with weights and biases multiplied', async () => {
  const mini = openSafetensors(resolve(import.meta.dirname, 'fixtures/mini-starter.safetensors'))
  // A changed encoder keeps the file's precision: twos are exact in it.
  const names = { q_proj: 2, k_proj: factors.k, v_proj: factors.v, out_proj: factors.out }
  const encoder = (weights: Weights): TextEncoderModel =>
    new ClipTextEncoder({
      towers: clipTowers(weights),
      pool,
      tokenizer: () => clipTokenizer(tokenizerFile('clip', 'merges.txt.gz')),
      openWeights: openSafetensors,
      embedding: () => undefined,
    })
  const byHand = encoder(scaledFile(mini, join(folder, 'clip.safetensors'), names))
  const clip = await multiplied('CLIPAttentionMultiply', { q: 2, clip: encoder(mini) })
  const got = await clip.encode('red apple')
  const want = await byHand.encode('red apple')
  expectClose(got.cond, want.cond, 5e-6)
  expect(apart(got.cond, (await encoder(mini).encode('red apple')).cond)).toBeGreaterThan(1e-3)
})
