// Diffusion transformers against ComfyUI 0.3.64, on small models of random weights.
import { resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { flowSampling, fluxSampling, fluxShift } from '../sampling/flow-sampling.ts'
import { type SampleOptions, sample, scaled, unscale } from '../sampling/sample.ts'
import {
  discardsPenultimate,
  type SamplerName,
  samplerNames,
} from '../sampling/samplers/registry.ts'
import { runSigmas, type ScheduleName } from '../sampling/schedules.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { difference, golden, goldens, missing, randomModel, reason } from './fixtures/goldens.ts'
import type { ConditioningItem, DiffusionModel } from './kinds.ts'
import { fluxLatent, sd3Latent, transformerModel, wanLatent } from './transformer-families.ts'
import { KlVae } from './vae.ts'
import { WanVae } from './wan-vae.ts'

/** Share of the largest value: one forward, and a whole run. */
const oneForward = 5e-5
const wholeRun = 1e-3
/** Chooses its steps by their error: a prompt changed by 1e-7 already moves its result by 2e-3. */
const adaptiveRun = 2e-3

const pool = new SessionPool({ budgetBytes: 1e9 })
afterAll(() => pool.free())

const open = (file: string): DiffusionModel =>
  transformerModel(openSafetensors(file), { pool, openWeights: openSafetensors })!

/** Pseudo-random input of the goldens: the hash of a name over C order, in (-1, 1). */
function rnd(name: string, shape: number[]): Tensor {
  const seed = crc32(name)
  const out = tensor(shape)
  for (let i = 0; i < out.data.length; i++) {
    let x = (Math.imul(i, 0x9e3779b1) + seed) | 0
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    out.data[i] = (2 * ((x ^ (x >>> 16)) >>> 21) + 1 - 2048) / 2048
  }
  return out
}

/** The network's answer at timestep `t`, with everything that a conditioning adds. */
async function forward(model: DiffusionModel, x: Tensor, t: number, item: ConditioningItem) {
  const network = await model.network()
  const y = model.admVector(item, { width: 0, height: 0 })
  const extras = model.extras?.(item, { width: 0, height: 0 })
  return network.forward({ x, timesteps: Float32Array.of(t), context: item.cond, y, extras })
}

interface Run extends Partial<Omit<SampleOptions, 'sampler' | 'sigmas'>> {
  model: DiffusionModel
  positive: [ConditioningItem]
  sampler?: SamplerName
  scheduler?: ScheduleName
  steps?: number
  denoise?: number
}

function run({ sampler = 'euler', scheduler = 'simple', steps = 4, denoise = 1, ...options }: Run) {
  const discardPenultimate = discardsPenultimate.has(sampler)
  const sigmas = runSigmas(options.model.sampling, scheduler, {
    steps,
    denoise,
    discardPenultimate,
  })
  const latent = { samples: tensor([1, 16, 8, 8]) }
  const defaults = { negative: options.positive, latent, seed: 42n, cfg: 1 }
  const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }
  return sample({ ...defaults, ...options, sampler, sigmas }, watch)
}

/** x − σ·answer: what the network takes for the clean latent. */
const denoised = (x: Tensor, sigma: number, answer: Tensor) =>
  tensor(
    x.shape,
    x.data.map((value, i) => value - sigma * answer.data[i]!),
  )

const noNames = () => tensor([0])

describe.skipIf(missing)(`Stable Diffusion 3${reason}`, () => {
  const g = missing ? noNames : golden('sd3_mini_samplers.safetensors')
  const model = missing ? undefined! : open(resolve(goldens, 'sd3_mini_model.safetensors'))
  const positive = (): [ConditioningItem] => [{ cond: g('cond'), pooled: g('pooled') }]
  const negative = (): [ConditioningItem] => [{ cond: g('ncond'), pooled: g('npooled') }]
  const empty = { samples: tensor([1, 16, 8, 12]) }
  const sides = () => ({ model, positive: positive(), negative: negative(), cfg: 4.5 })

  test('one forward', async () => {
    const raw = await forward(model, g('x'), 500, positive()[0])
    expectClose(raw, g('raw.t500'), oneForward)
    const at700 = await forward(model, g('x'), 700, positive()[0])
    expectClose(denoised(g('x'), 0.7, at700), g('denoised.sigma0.7'), oneForward)
  })

  const few: SamplerName[] = ['euler', 'dpmpp_2m', 'euler_ancestral', 'dpmpp_sde', 'uni_pc']
  test.each(process.env.PARITY === 'all' ? samplerNames : few)('%s', async sampler => {
    for (const [scheduler, steps] of [
      ['simple', 4],
      ['beta', 5],
    ] as const) {
      const got = await run({ ...sides(), latent: empty, sampler, scheduler, steps })
      const apart = difference(got, g(`${sampler}.${scheduler}.${steps}`))
      expect(apart, scheduler).toBeLessThan(sampler === 'dpm_adaptive' ? adaptiveRun : wholeRun)
    }
  })

  test('image to image, and another shift', async () => {
    const latent = { samples: g('euler.simple.4') }
    const again = await run({ ...sides(), latent, denoise: 0.5, seed: 1n })
    expectClose(again, g('img2img.euler.simple.4.d0.5'), wholeRun)
    const shifted = model.withSampling(flowSampling({ shift: 6, multiplier: 1000 }))
    const other = await run({ ...sides(), model: shifted, latent: empty })
    expectClose(other, g('shift6.euler.simple.4'), wholeRun)
  })
})

describe.skipIf(missing).each(['dev', 'schnell'])(`Flux.1 %s${reason}`, version => {
  const g = missing ? noNames : golden(`more/flux_${version}_mini.safetensors`)
  const model = missing ? undefined! : open(randomModel(`more/keys/flux_${version}_mini.json`))
  const item = (start = 'flux.', guidance?: number): ConditioningItem => ({
    cond: rnd(`${start}ctx`, [1, 20, 4096]),
    pooled: rnd(`${start}pooled`, [1, 768]),
    guidance,
  })

  test('forwards, also of odd sizes and without guidance', async () => {
    const like = async (got: Promise<Tensor>, name: string) =>
      expectClose(await got, g(name), oneForward, name)
    await like(forward(model, g('x'), 0.7, item()), 'raw.t0.7')
    await like(forward(model, g('xodd'), 0.25, item()), 'raw.odd7x9.t0.25')
    const off = { ...item(), guidance: null } as unknown as ConditioningItem
    await like(forward(model, g('x'), 0.7, off), 'raw.t0.7.noguidance')
    const at07 = forward(model, g('x'), 0.7, item())
    await like(
      at07.then(answer => denoised(g('x'), 0.7, answer)),
      'denoised.sigma0.7',
    )
  })

  test('a picture to edit beside the one that is drawn', async () => {
    // The golden's reference is in the network's own space.
    const referenceLatents = [unscale(g('ref'), fluxLatent)]
    const raw = await forward(model, g('x'), 0.7, { ...item(), referenceLatents })
    expectClose(raw, g('raw.ref.offset'), oneForward)
    // The golden's second reference is the first four rows of the first.
    const [whole] = referenceLatents as [Tensor]
    const start = tensor([1, 16, 4, 8])
    for (let c = 0; c < 16; c++) start.data.set(whole.data.subarray(c * 48, c * 48 + 32), c * 32)
    const byIndex = { referenceLatents: [whole, start], referenceMethod: 'index' } as const
    const apart = await forward(model, g('x'), 0.7, { ...item(), ...byIndex })
    expectClose(apart, g('raw.ref2.index'), oneForward)
    const given: [ConditioningItem] = [{ ...item(), referenceLatents: [g('ref')] }]
    const edited = await run({ model, positive: given, steps: 3 })
    expectClose(edited, g('kontext.reflatent.euler.simple.3'), wholeRun)
  })

  test('runs', async () => {
    const positive: [ConditioningItem] = [item()]
    const like = async (name: string, changes: Partial<Run>) => {
      const got = await run({ model, positive, ...changes })
      expectClose(got, g(name), wholeRun, name)
    }
    await like('sca.euler.simple.4', {})
    await like('ksampler.cfg1.euler.simple.4', {})
    await like('sca.guidance2.euler.simple.4', { positive: [item('flux.', 2)] })
    await like('ksampler.cfg3.dpmpp_2m.sgm_uniform.4', {
      negative: [item('flux.n')],
      cfg: 3,
      sampler: 'dpmpp_2m',
      scheduler: 'sgm_uniform',
    })
    const sized = fluxSampling(fluxShift({ width: 512, height: 768 }, 0.5, 1.15))
    const shifted = { model: model.withSampling(sized), scheduler: 'beta' } as const
    await like('msflux_512x768.euler.beta.4', shifted)
    const latent = { samples: g('sca.euler.simple.4') }
    await like('ksampler.img2img.d0.5', { latent, denoise: 0.5, seed: 1n })
    expect(sizeOf(g('sca.sigmas').shape)).toBe(5)
    const sigmas = runSigmas(model.sampling, 'simple', { steps: 4 })
    sigmas.forEach((sigma, i) => {
      expect(sigma).toBeCloseTo(g('sca.sigmas').data[i]!, 6)
    })
  })
})

/** ComfyUI gives latents of models that also draw films a frame axis. */
const oneFrame = ({ shape, data }: Tensor): Tensor =>
  shape.length === 5 ? tensor([...shape.slice(0, 2), ...shape.slice(3)], data) : tensor(shape, data)

describe.skipIf(missing)(`Qwen-Image${reason}`, () => {
  const file = missing ? noNames : golden('more/qwen_image_mini.safetensors')
  const g = (name: string) => oneFrame(file(name))
  const model = missing ? undefined! : open(randomModel('more/keys/qwen_image_mini.json'))
  const positive: [ConditioningItem] = [{ cond: rnd('qwen.ctx', [1, 13, 3584]) }]
  const negative: [ConditioningItem] = [{ cond: rnd('qwen.nctx', [1, 9, 3584]) }]

  test('forwards, also of odd sizes', async () => {
    const raw = await forward(model, g('x'), 0.7, positive[0])
    expectClose(raw, g('raw.t0.7'), oneForward)
    expectClose(denoised(g('x'), 0.7, raw), g('denoised.sigma0.7'), oneForward)
    const odd = await forward(model, g('xodd'), 0.25, positive[0])
    expectClose(odd, g('raw.odd7x10.t0.25'), oneForward)
  })

  test('a picture to edit beside the one that is drawn', async () => {
    const referenceLatents = [unscale(g('ref'), wanLatent)]
    const raw = await forward(model, g('x'), 0.7, { ...positive[0], referenceLatents })
    expectClose(raw, g('raw.ref.index'), oneForward)
  })

  test('runs, with prompts of different lengths and another shift', async () => {
    const guided = await run({ model, positive, negative, cfg: 2.5 })
    expectClose(guided, g('sca.cfg2.5.euler.simple.4'), wholeRun)
    const alone = await run({ model, positive })
    expectClose(alone, g('ksampler.cfg1.euler.simple.4'), wholeRun)
    const shifted = model.withSampling(flowSampling({ shift: 3.1, multiplier: 1 }))
    const other = await run({ model: shifted, positive, negative, cfg: 2.5 })
    expectClose(other, g('auraflow3.1.cfg2.5.euler.simple.4'), wholeRun)
  })
})

describe.skipIf(missing)(`Lumina 2${reason}`, () => {
  const g = missing ? noNames : golden('more/lumina2_mini.safetensors')
  const model = missing ? undefined! : open(randomModel('more/keys/lumina2_mini.json'))
  const positive: [ConditioningItem] = [{ cond: rnd('lumina.ctx', [1, 16, 2304]) }]
  // Eleven of sixteen tokens count; ours are never filled up.
  const words = rnd('lumina.nctx', [1, 16, 2304]).data.slice(0, 11 * 2304)
  const negative: [ConditioningItem] = [{ cond: tensor([1, 11, 2304], words) }]

  test('forwards, also of odd sizes', async () => {
    const raw = await forward(model, g('x'), 0.7, positive[0])
    expectClose(raw, g('raw.t0.7'), oneForward)
    expectClose(denoised(g('x'), 0.7, raw), g('denoised.sigma0.7'), oneForward)
    const odd = await forward(model, g('xodd'), 0.25, positive[0])
    expectClose(odd, g('raw.odd7x10.t0.25'), oneForward)
    const short = await forward(model, g('x'), 0.7, negative[0])
    expectClose(short, g('raw.mask11.t0.7'), oneForward)
  })

  test('runs', async () => {
    const guided = await run({ model, positive, negative, cfg: 4 })
    expectClose(guided, g('sca.cfg4.euler.simple.4'), wholeRun)
    const alone = await run({ model, positive })
    expectClose(alone, g('ksampler.cfg1.euler.simple.4'), wholeRun)
    const shifted = model.withSampling(flowSampling({ shift: 3, multiplier: 1 }))
    const sampling = { sampler: 'dpmpp_2m', scheduler: 'beta' } as const
    const other = await run({ model: shifted, positive, negative, cfg: 4, ...sampling })
    expectClose(other, g('auraflow3.cfg4.dpmpp_2m.beta.4'), wholeRun)
  })
})

describe.skipIf(missing)(`autoencoders of 16 channels${reason}`, () => {
  const formats = { Flux: fluxLatent, SD3: sd3Latent, Wan21: wanLatent }
  test.each(Object.entries(formats))('the latents of %s', (name, format) => {
    const g = golden('more/flux_vae.safetensors')
    const latent = g('latent')
    const got = tensor(latent.shape, scaled(latent, format))
    expectClose(got, oneFrame(g(`latentformat.${name}.process_in_of_latent`)), 1e-6)
    expectClose(unscale(got, format), latent, 1e-6)
  })

  test('Flux', { timeout: 120_000 }, async () => {
    const g = golden('more/flux_vae.safetensors')
    const vae = new KlVae(openSafetensors(randomModel('more/keys/flux_vae.json')), pool)
    expectClose(await vae.decode(g('latent')), g('decoded'), oneForward)
    expectClose(await vae.encode(g('image')), g('encoded'), oneForward)
  })

  test('Wan 2.1', { timeout: 120_000 }, async () => {
    const g = golden('more/wan_vae.safetensors')
    const vae = new WanVae(openSafetensors(randomModel('more/keys/wan_vae.json')), pool)
    const image = await vae.decode(oneFrame(g('latent')))
    expectClose(image, g('VAEDecode.image'), oneForward)
    const latent = await vae.encode(g('image'))
    expectClose(latent, oneFrame(g('VAEEncode.samples')), oneForward)
  })
})
