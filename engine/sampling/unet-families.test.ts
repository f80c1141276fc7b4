// Whole runs of SDXL and of an inpainting UNet against ComfyUI 0.3.64, on networks of random weights.
import { beforeAll, describe, expect, test } from 'vitest'
import { expectClose } from '../models/fixtures/expect-close.ts'
import { goldenStore, tinySd15 } from '../models/fixtures/golden-store.ts'
import { golden, missing, reason } from '../models/fixtures/goldens.ts'
import type { ConditioningItem, DiffusionModel, TextEncoderModel, Vae } from '../models/kinds.ts'
import { clipTextEncodeSdxl } from '../nodes/conditioning/clip-text-encode-sdxl.ts'
import { inpaintModelConditioning } from '../nodes/conditioning/inpaint-model-conditioning.ts'
import type { RunContext } from '../nodes/define.ts'
import { modelSamplingDiscrete } from '../nodes/sampling/model-sampling-discrete.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { type SampleOptions, sample } from './sample.ts'
import type { SamplerName } from './samplers/registry.ts'
import { runSigmas, type ScheduleName } from './schedules.ts'

/** Share of the largest value. ComfyUI differs from itself by 1e-5 between thread counts. */
const tolerance = 1e-4

const everything = process.env.PARITY === 'all'
const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }
const context = watch as unknown as RunContext

interface Changes extends Partial<Omit<SampleOptions, 'sampler' | 'sigmas'>> {
  sampler?: SamplerName
  scheduler?: ScheduleName
  steps?: number
  denoise?: number
}

type Prompts = Pick<SampleOptions, 'model' | 'positive' | 'negative' | 'latent'>

function run(prompts: Prompts, changes: Changes = {}): Promise<Tensor> {
  const { sampler = 'euler', scheduler = 'normal', steps = 4, denoise = 1, ...options } = changes
  const { sampling } = options.model ?? prompts.model
  const sigmas = runSigmas(sampling, scheduler, { steps, denoise, discardPenultimate: false })
  return sample({ seed: 42n, cfg: 7, ...prompts, ...options, sampler, sigmas }, watch)
}

const expectLike = (got: Tensor, want: Tensor) => expectClose(got, want, tolerance)
const empty = (height: number, width: number) => ({ samples: tensor([1, 4, height, width]) })

describe.skipIf(missing)(`runs of sdxl_mini${reason}`, () => {
  const held = goldenStore({ 'checkpoints/sdxl.safetensors': 'more/keys/sdxl_mini.json.gz' })
  let model: DiffusionModel
  let clip: TextEncoderModel
  let vae: Vae
  let positive: ConditioningItem[]
  let negative: ConditioningItem[]
  const g = golden('more/sdxl_mini_e2e.safetensors')

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('sdxl.safetensors')
    model = loaded.model
    clip = loaded.clip!
    vae = loaded.vae!
    positive = [await clip.encode('a photo of a cat')]
    negative = [await clip.encode('blurry')]
  })

  const draw = (changes: Changes = {}) =>
    run({ model, positive, negative, latent: empty(16, 16) }, changes)

  test('euler, normal', async () => expectLike(await draw(), g('e2e.latent')))

  test.runIf(everything)('dpmpp_2m, karras', async () => {
    const got = await draw({ sampler: 'dpmpp_2m', scheduler: 'karras', cfg: 5 })
    expectLike(got, g('e2e.dpmpp_2m.karras.4'))
  })

  test('sizes that the prompt node tells, for a picture that is wider than high', async () => {
    const sizes = { width: 1024, height: 768, crop_w: 16, crop_h: 32 }
    const inputs = {
      ...{ ...sizes, target_width: 832, target_height: 640 },
      ...{ clip, text_g: 'a photo of a cat', text_l: 'oil painting, (red:1.2)' },
    }
    const { CONDITIONING } = await clipTextEncodeSdxl.run(inputs, context)
    const options = { positive: CONDITIONING, negative: [await clip.encode('')], steps: 3 }
    expectLike(await draw({ ...options, latent: empty(12, 16) }), g('e2e.sdxl_node'))
  })

  test.runIf(everything)('image to image', async () => {
    const samples = await vae.encode(g('img2img.image'))
    expectLike(samples, g('img2img.encoded'))
    const got = await draw({ latent: { samples }, seed: 43n, steps: 5, denoise: 0.6 })
    expectLike(got, g('img2img.latent'))
  })

  test('v-prediction from pure noise', async () => {
    const inputs = { model, sampling: 'v_prediction', zsnr: true } as const
    const { MODEL } = await modelSamplingDiscrete.run(inputs, context)
    const options = { steps: 4, denoise: 1, discardPenultimate: false }
    const sigmas = runSigmas(MODEL.sampling, 'normal', options)
    expectLike(tensor([5], sigmas), g('vpred_ztsnr.sigmas'))
    expectLike(await draw({ model: MODEL }), g('vpred_ztsnr.e2e.latent'))
  })
})

describe.skipIf(missing)(`runs of an inpainting UNet${reason}`, () => {
  const held = goldenStore({
    ...tinySd15,
    'diffusion_models/inpaint.safetensors': 'more/keys/tiny_sd15_inpaint9_unet.json',
  })
  let model: DiffusionModel
  let vae: Vae
  let positive: ConditioningItem[]
  let negative: ConditioningItem[]
  const g = golden('more/inpaint9.safetensors')

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('tiny.safetensors')
    model = await held.store.diffusionModel('inpaint.safetensors')
    vae = loaded.vae!
    positive = [await loaded.clip!.encode('a photo of a cat')]
    negative = [await loaded.clip!.encode('blurry')]
  })

  test.each([true, false])('a masked part drawn anew, noise mask %s', async noise_mask => {
    const inputs = { positive, negative, vae, pixels: g('image'), mask: g('mask'), noise_mask }
    const { latent, ...shown } = await inpaintModelConditioning.run(inputs, context)
    expectLike(latent.samples, g('latent.samples'))
    expectLike(shown.positive[0]!.joinedLatent!, g('concat_latent_image'))
    expectLike(asBatch(shown.positive[0]!.joinedMask!), g('concat_mask'))
    expect(latent.noiseMask !== undefined).toBe(noise_mask)
    const got = await run({ model, ...shown, latent })
    const name = noise_mask ? 'True' : 'False'
    expectLike(got, g(`latent.euler.normal.4.noise_mask_${name}`))
    const start = {
      samples: times(latent.samples, model.latent.scale),
      noiseMask: latent.noiseMask,
    }
    expectLike(model.joined!(shown.positive[0]!, start)!, g('c_concat'))
  })

  test('a plain prompt: everything is drawn anew', async () => {
    const latent = { samples: g('latent.samples') }
    const got = await run({ model, positive, negative, latent }, { steps: 2 })
    expectLike(got, g('no_inpaint_cond.euler.normal.2'))
  })
})

const times = ({ shape, data }: Tensor, factor: number): Tensor =>
  tensor(
    shape,
    data.map(value => value * factor),
  )

/** [B,h,w] → [B,1,h,w] */
const asBatch = ({ shape, data }: Tensor): Tensor =>
  tensor([shape[0]!, 1, ...shape.slice(-2)], data)
