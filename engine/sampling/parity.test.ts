// Whole runs against ComfyUI 0.3.64 on a network of random weights. A few samplers by default, all
// 42 on two schedules with PARITY=all.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { readBytes, weight } from '../inference/weights.ts'
import { expectClose } from '../models/fixtures/expect-close.ts'
import { goldenStore, tinySd15 } from '../models/fixtures/golden-store.ts'
import { golden, goldens, missing, reason } from '../models/fixtures/goldens.ts'
import { isGolden, recordComparison } from '../models/fixtures/parity-record.ts'
import type { ConditioningItem, DiffusionModel, TextEncoderModel, Vae } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { averageConditioning, concatTokens, zeroOut } from './conditioning.ts'
import { prepareInpaint } from './inpaint-pixels.ts'
import { type SampleOptions, sample } from './sample.ts'
import { discardsPenultimate, type SamplerName, samplerNames } from './samplers/registry.ts'
import { cutSigmas, runSigmas, type ScheduleName } from './schedules.ts'

/** Share of the largest value. ComfyUI differs from itself by 1e-5 between thread counts. */
const tolerance = 1e-4

const everything = process.env.PARITY === 'all'
const byDefault: [SamplerName, ScheduleName, number][] = [
  ['euler', 'normal', 4],
  ['euler_ancestral', 'normal', 4],
  ['dpmpp_2m', 'karras', 6],
  ['dpmpp_2m_cfg_pp', 'normal', 4],
  ['dpmpp_sde', 'karras', 6],
  ['dpmpp_3m_sde', 'normal', 4],
  ['lcm', 'normal', 4],
  ['sa_solver', 'normal', 4],
  ['uni_pc', 'karras', 6],
]
const cases = everything
  ? samplerNames.flatMap((name): typeof byDefault => [
      [name, 'normal', 4],
      [name, 'karras', 6],
    ])
  : byDefault

interface Changes extends Partial<Omit<SampleOptions, 'sampler' | 'sigmas'>> {
  sampler?: SamplerName
  scheduler?: ScheduleName
  steps?: number
  denoise?: number
  cut?: Parameters<typeof cutSigmas>[1]
}

describe.skipIf(missing)(`runs of tiny_sd15${reason}`, () => {
  const held = goldenStore(tinySd15)
  let model: DiffusionModel
  let clip: TextEncoderModel
  let vae: Vae
  let positive: ConditioningItem[]
  let negative: ConditioningItem[]

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('tiny.safetensors')
    model = loaded.model
    clip = loaded.clip!
    vae = loaded.vae!
    positive = [await clip.encode('a photo of a cat')]
    negative = [await clip.encode('blurry')]
  })

  const g = golden('samplers_tiny.safetensors')
  const empty = (batch = 1, side = 8) => ({ samples: tensor([batch, 4, side, side]) })

  function run({ sampler = 'euler', scheduler = 'normal', cut, ...changes }: Changes) {
    const { steps = 4, denoise = 1, ...options } = changes
    const discardPenultimate = discardsPenultimate.has(sampler)
    const from = options.model ?? model
    const whole = runSigmas(from.sampling, scheduler, { steps, denoise, discardPenultimate })
    const defaults = { model, positive, negative, latent: empty(), seed: 42n, cfg: 7 }
    const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }
    const sigmas = cut ? cutSigmas(whole, cut) : whole
    return sample({ ...defaults, ...options, sampler, sigmas }, watch)
  }

  const expectLike = (got: Tensor, want: Tensor) => expectClose(got, want, tolerance)

  test.each(cases)('%s, %s', { timeout: 180_000 }, async (sampler, scheduler, steps) => {
    expectLike(await run({ sampler, scheduler, steps }), g(`${sampler}.${scheduler}.${steps}`))
  })

  test('text to image at 128 pixels, to the saved byte', async () => {
    const wanted = golden('e2e_tiny_128.safetensors')
    const latent = await run({ latent: empty(1, 16) })
    expectLike(latent, wanted('latent'))
    const picture = await vae.decode(latent)
    const file = openSafetensors(join(goldens, 'e2e_tiny_128.safetensors'))
    const bytes = readBytes(weight(file, 'image_u8'))
    let other = 0
    let most = 0
    picture.data.forEach((value, i) => {
      const apart = Math.abs(Math.trunc(Math.min(Math.max(value, 0), 1) * 255) - bytes[i]!)
      most = Math.max(most, apart)
      expect(apart).toBeLessThanOrEqual(1)
      if (apart > 0) other++
    })
    expect(other / bytes.length).toBeLessThanOrEqual(0.005)
    const saved = Float32Array.from(bytes)
    isGolden(saved, 'e2e_tiny_128.safetensors', 'image_u8')
    recordComparison(saved, most / 255)
  })

  const limited = (limits: Partial<ConditioningItem>) =>
    positive.map(item => ({ ...item, ...limits }))

  const halfAt = (x: number) => ({ x, y: 0, width: 4, height: 8, unit: 'latent' as const })

  const special: Record<string, () => Changes> = {
    cfg1: () => ({ cfg: 1 }),
    'img2img.denoise0.6': () => ({
      latent: { samples: g('euler.normal.4') },
      steps: 5,
      denoise: 0.6,
      seed: 43n,
    }),
    'inpaint.setlatentnoisemask': () => ({
      latent: { samples: g('euler.normal.4'), noiseMask: g('inpaint.mask') },
      seed: 43n,
    }),
    'advanced.0_3.leftover': () => ({ steps: 6, cut: { to: 3 } }),
    'advanced.0_3.noleftover': () => ({ steps: 6, cut: { to: 3, finish: true } }),
    'advanced.3_10000.nonoise': () => ({
      latent: { samples: g('advanced.0_3.leftover') },
      steps: 6,
      cut: { from: 3, to: 10_000, finish: true },
      addNoise: false,
    }),
    batch2: () => ({ latent: empty(2), steps: 3 }),
    batch_repeat_from1: () => ({ latent: { ...empty(), batchIndex: [1] }, steps: 3 }),
    'cond.zeroout': () => ({ positive: zeroOut(positive).map(({ cond }) => ({ cond })) }),
    'cond.combine': () => ({ positive: [...positive, ...negative] }),
    'cond.concat': () => ({ positive: concatTokens(positive, negative) }),
    'cond.average': () => ({ positive: averageConditioning(positive, negative, 0.7) }),
    'cond.timerange': () => ({
      positive: [
        ...positive.map(item => ({ ...item, start: 0, end: 0.5 })),
        ...negative.map(item => ({ ...item, start: 0.5, end: 1 })),
      ],
    }),
    'cond.area': () => ({
      positive: [
        ...positive.map(item => ({ ...item, area: halfAt(0), strength: 1 })),
        ...negative.map(item => ({ ...item, area: halfAt(4), strength: 1 })),
      ],
    }),
    'cond.areapct': () => {
      const area = { x: 0.25, y: 0.25, width: 0.5, height: 0.5, unit: 'percent' } as const
      return { positive: limited({ area, strength: 0.8 }) }
    },
    'cond.mask': () => ({ positive: limited({ mask: g('inpaint.mask') }) }),
    'cond.maskbounds': () => ({
      positive: limited({ mask: g('inpaint.mask'), maskStrength: 0.7, setAreaToBounds: true }),
    }),
  }
  test.each(Object.keys(special))('%s', async name => {
    expectLike(await run(special[name]!()), g(name))
  })

  test('a LoRA on model and text encoder', async () => {
    const file = join(goldens, 'lora_tiny_kohya.safetensors')
    const encoder = clip.withAdapter({ file, strength: 0.6 })
    const [cat, blurry] = [await encoder.encode('a photo of a cat'), await encoder.encode('blurry')]
    expectLike(cat.cond, g('lora.pos_cond'))
    const adapted = model.withAdapter({ file, strength: 0.8 })
    expectLike(await run({ model: adapted, positive: [cat], negative: [blurry] }), g('lora.sample'))
  })

  test('a picture with a masked part greyed out', async () => {
    const wanted = golden('more/inpaint9.safetensors')
    const { pixels, noiseMask } = prepareInpaint(wanted('image'), wanted('mask'), 6)
    expect(noiseMask.data).toEqual(wanted('vaeencodeforinpaint.noise_mask').data)
    expectLike(await vae.encode(pixels), wanted('vaeencodeforinpaint.samples'))
  })

  test('a long positive beside a short negative', async () => {
    const long = Array.from(
      { length: 12 },
      (_, i) => `highly detailed photograph number ${i} of a red fox in the snow`,
    ).join(', ')
    const got = await run({ positive: [await clip.encode(long)], steps: 3 })
    expectLike(got, g('cond.longpos_shortneg'))
  })
})
