// Our numbers against ComfyUI's: https://github.com/comfyanonymous/ComfyUI 0.3.64 on a CPU.
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { goldenStore, tinySd15 } from './fixtures/golden-store.ts'
import {
  apart,
  difference,
  ends,
  golden,
  goldens,
  missing,
  reason,
  rnd,
} from './fixtures/goldens.ts'
import type { DiffusionModel, TextEncoderModel, Vae } from './kinds.ts'

/** Share of the largest value. ComfyUI differs from itself by 1e-5 between thread counts. */
const tolerance = 5e-5

describe.skipIf(missing)(`goldens of tiny_sd15${reason}`, () => {
  const held = goldenStore(tinySd15)
  let model: DiffusionModel
  let clip: TextEncoderModel
  let vae: Vae

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('tiny.safetensors')
    model = loaded.model
    clip = loaded.clip!
    vae = loaded.vae!
  })

  const forward = async (x: Tensor, timesteps: number[], context: Tensor, of = model) =>
    (await of.network()).forward({ x, timesteps: Float32Array.from(timesteps), context })

  test('opening the UNet of 451 MB maps its weights instead of copying them', async () => {
    const before = process.memoryUsage.rss()
    await model.network()
    expect(process.memoryUsage.rss() - before).toBeLessThan(250e6)
  })

  test('UNet: one step, a long context, odd sizes in a batch', async () => {
    const g = golden('unet_tiny.safetensors')
    const context = g('context')
    expectClose(await forward(g('raw.x'), [999], context), g('raw.out.t999'), tolerance)
    const long = golden('clip_cond.safetensors')('long.cond')
    expectClose(await forward(g('raw.x'), [500], long), g('raw.out.t500.longctx'), tolerance)
    const twice = tensor([2, 77, 768], Float32Array.of(...context.data, ...context.data))
    const odd = await forward(g('raw.odd.x'), [10, 700], twice)
    expectClose(odd, g('raw.odd.out.t10.t700'), tolerance)
  })

  test('VAE decodes and encodes, cropping from the centre', async () => {
    const g = golden('vae.safetensors')
    expectClose(await vae.decode(g('latent')), g('decoded'), tolerance)
    expectClose(await vae.encode(g('image')), g('encoded'), tolerance)
    expectClose(await vae.encode(g('image_crop_70x77')), g('encoded_crop'), tolerance)
  })

  const prompts: Record<string, string> = {
    empty: '',
    plain: 'a photo of a cat',
    weight: 'a (cat:1.3) on a mat',
    nested: 'a ((very)) (fluffy (cat:1.2):0.8) thing',
    zero_neg: '(tree:0) (rock:-0.5) lake',
    unicode: 'café naïve 猫 emoji 😀, İstanbul',
    long: Array.from(
      { length: 12 },
      (_, i) => `highly detailed photograph number ${i} of a red fox in the snow`,
    ).join(', '),
  }
  test.each(Object.keys(prompts))('CLIP encodes the prompt "%s"', async name => {
    const g = golden('clip_cond.safetensors')
    const { cond, pooled } = await clip.encode(prompts[name]!)
    expectClose(cond, g(`${name}.cond`), tolerance)
    expectClose(pooled!, g(`${name}.pooled`), tolerance)
  })

  test('CLIP stops a layer early', async () => {
    const g = golden('clip_cond.safetensors')
    const { cond, pooled } = await clip.withStopAtLayer(-2).encode(prompts.plain!)
    expectClose(cond, g('plain.clipskip2.cond'), tolerance)
    expectClose(pooled!, g('plain.clipskip2.pooled'), tolerance)
  })

  // `denoised` = x − σ·eps of the network's input x / √(σ² + 1).
  async function denoise(of: DiffusionModel, x: Tensor, context: Tensor, sigma: number) {
    const scaled = tensor(
      x.shape,
      x.data.map(v => v / Math.sqrt(sigma ** 2 + 1)),
    )
    const eps = await forward(scaled, [of.sampling.timestep(sigma)], context, of)
    return tensor(
      x.shape,
      x.data.map((v, i) => v - sigma * eps.data[i]!),
    )
  }

  const loras = [
    'locon',
    'locon_mid',
    'diffusers_processor',
    'kohya_diffusers_names',
    'generic_keys',
  ]
  test.each(loras)('LoRA %s', async name => {
    const file = resolve(goldens, 'more/models/loras', `${name}.safetensors`)
    const g = golden('more/loras.safetensors')
    const patched = model.withAdapter({ file, strength: 0.8 })
    const got = await denoise(patched, g('x'), rnd('lora.ctx', [1, 77, 768]), 3.3)
    expectClose(got, g(`${name}.s0.8.denoised`), tolerance)
    expect(apart(got, g('nolora.denoised'))).toBeGreaterThan(tolerance)
  })

  test.each(['kohya_diffusers_names', 'diffusers_peft'])(
    'LoRA %s on the text encoder',
    async name => {
      const g = golden('more/loras.safetensors')
      const file = resolve(goldens, 'more/models/loras', `${name}.safetensors`)
      const { cond, pooled } = await clip
        .withAdapter({ file, strength: 0.6 })
        .encode(prompts.plain!)
      expectClose(ends(cond), g(`${name}.clip0.6.cond_first8_last8`), tolerance)
      expectClose(pooled!, g(`${name}.clip0.6.pooled`), tolerance)
    },
  )

  test('a LoRA for the UNet alone leaves the text encoder as it is', async () => {
    const file = resolve(goldens, 'more/models/loras/locon.safetensors')
    const { cond } = await clip.withAdapter({ file, strength: 1 }).encode(prompts.plain!)
    expectClose(cond, golden('clip_cond.safetensors')('plain.cond'), tolerance)
  })

  test('LoRA of negative strength', async () => {
    const g = golden('more/loras.safetensors')
    const file = resolve(goldens, 'more/models/loras/locon.safetensors')
    const negative = model.withAdapter({ file, strength: -0.5 })
    const got = await denoise(negative, g('x'), rnd('lora.ctx', [1, 77, 768]), 3.3)
    expectClose(got, g('locon.s-0.5.denoised'), tolerance)
  })

  test('LoRA of strength 0 changes nothing', async () => {
    const g = golden('unet_tiny.safetensors')
    const file = resolve(goldens, 'lora_tiny_kohya.safetensors')
    const off = await forward(
      g('raw.x'),
      [999],
      g('context'),
      model.withAdapter({ file, strength: 0 }),
    )
    expect(difference(off, await forward(g('raw.x'), [999], g('context')))).toBe(0)
  })

  test('embeddings take the place of words', async () => {
    const files = resolve(goldens, 'more/models/embeddings')
    cpSync(files, join(held.folder, 'embeddings'), { recursive: true })
    const g = golden('more/ti_cond.safetensors')
    for (const [name, prompt] of Object.entries({
      mid: 'a photo of embedding:foo in snow',
      weighted: 'a (embedding:foo:1.3) cat',
      pt: 'a embedding:bar dog',
      one: 'embedding:one and embedding:dif',
      nested: 'x embedding:sub/nested y',
      comma: 'cat, embedding:bar, dog, embedding:foo',
      newline: 'a\nembedding:foo b',
      inweight2: '(a embedding:foo b:0.5) c',
      trailing: 'embedding:foo,embedding:bar z',
      missing: 'a embedding:nope cat',
    })) {
      const { cond } = await clip.encode(prompt)
      expectClose(ends(cond), g(`${name}.cond_first8_last8`), tolerance, name)
    }
  })
})
