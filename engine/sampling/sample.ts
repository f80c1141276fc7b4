// A whole run: noise, guidance, sampler, inpainting, progress and previews.

import { roundHalfEven } from '../image/resize.ts'
import type { Watch as WorkWatch } from '../inference/shared-work.ts'
import type {
  Conditioning,
  DiffusionModel,
  Latent,
  Network,
  NoisedLatent,
  Weakening,
} from '../models/kinds.ts'
import type { Preview, RunContext } from '../nodes/define.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { leavingOutLooks, NetworkReuse } from './answer-reuse.ts'
import { brownianNoise } from './brownian.ts'
import { type Condition, prepareConditions } from './conditions.ts'
import { noised, startsWhole, unscaled } from './denoiser.ts'
import { askSides, type Guided } from './guidance.ts'
import { cfgGuider, type Guider, type GuiderMoment } from './guiders.ts'
import { type Kept, keepAfter, keepBefore, latentMask } from './inpaint.ts'
import { scaled, unscale, withChannels } from './latent-scale.ts'
import { type LatentResizeMethod, resizeLatent } from './latents.ts'
import { initialNoise, TorchGenerator } from './noise.ts'
import { decodedPreview, previewIntervalMs, previewOf, previewShare } from './preview.ts'
import { namedSampler, type RunSampler, type SamplerName } from './samplers/registry.ts'
import type { SamplerInput, SamplerNoise } from './samplers/sampler.ts'

export { scaled, unscale } from './latent-scale.ts'

export interface SampleOptions {
  model: DiffusionModel
  positive: Conditioning
  negative: Conditioning
  latent: Latent
  seed: bigint
  cfg: number
  sampler: SamplerName
  /** From `runSigmas`. */
  sigmas: Float32Array
  /** False when the latent is noisy already. */
  addNoise?: boolean
}

type Watch = Pick<RunContext, 'signal' | 'progress' | 'previews'> & {
  models?: Pick<RunContext['models'], 'previewDecoder'>
}

/** As KSampler runs. → the latent at the last σ, [B,C,h,w] unscaled. */
export async function sample(options: SampleOptions, watch: Watch): Promise<Tensor> {
  const { model, positive, negative, cfg, latent, seed, sigmas, addNoise = true } = options
  const guider = cfgGuider(model, positive, negative, cfg)
  const noise = addNoise ? randomNoise(seed) : noNoise(seed)
  const sampler = namedSampler(options.sampler)
  return (await sampleWith({ guider, sampler, sigmas, noise, latent }, watch)).output
}

/** NOISE */
export interface Noise {
  /** Also of what a sampler draws along the way. */
  seed: bigint
  draw(shape: readonly number[], batchIndex?: readonly number[]): Float32Array
}

export const randomNoise = (seed: bigint): Noise => ({
  seed,
  draw: (shape, batchIndex) => initialNoise(shape, seed, batchIndex).data,
})

/** For a latent that is noisy already. */
export const noNoise = (seed = 0n): Noise => ({
  seed,
  draw: shape => new Float32Array(sizeOf(shape)),
})

export interface GuidedRun {
  guider: Guider
  sampler: RunSampler
  /** Descending. Nothing is done when there are none. */
  sigmas: Float32Array
  noise: Noise
  latent: Latent
}

/**
 * → the latent at the last σ and the last guess of the finished one (x0), [B,C,h,w] unscaled.
 * @throws the signal's reason between steps.
 */
export async function sampleWith(
  { guider, sampler, sigmas, noise: source, latent }: GuidedRun,
  watch: Watch,
): Promise<{ output: Tensor; denoised: Tensor }> {
  const { model } = guider
  const { sampling, latent: format } = model
  const samples = withChannels(latent.samples, format.channels)
  if (sigmas.length === 0) return { output: samples, denoised: samples }
  const { shape } = samples
  const noise = source.draw(shape, latent.batchIndex)
  const start = scaled(samples, format)
  const kept: Kept | undefined = latent.noiseMask && {
    mask: latentMask(latent.noiseMask, shape),
    latent: start,
    noise: sampler.freshInpaintNoise ? initialNoise(shape, source.seed + 1n).data : noise,
  }
  const { seed } = source
  const from = { samples: tensor(shape, start), noiseMask: latent.noiseMask, seed }
  let stepsDone = 0
  const work = beforehand(watch, () => [stepsDone, sigmas.length - 1])
  let stage = await stageFor({ guider, sigmas, from, kept, watch, work })
  let last: Tensor | undefined
  const draws = samplerNoise(sigmas, source.seed)
  const x = await sampler.run({
    x: noised(sampling, start, noise, sigmas[0]!, startsWhole(sampling, sigmas[0]!)),
    sigmas,
    sampling,
    ...stage.asks,
    noise: draws(sizeOf(shape)),
    step: async (done, of, denoised) => {
      last = tensor(stage.shape, denoised)
      stepsDone = done
      watch.progress(done, of, await stage.preview(denoised))
    },
    resized: async (x, factor, method) => {
      if (kept) throw masked()
      const resize = (latent: Tensor) => resizedTo(shape, factor, latent, method)
      const larger = resize(tensor(stage.shape, x))
      const anew = { ...from, samples: resize(from.samples) }
      stage = await stageFor({ guider, sigmas, from: anew, watch, work })
      return { ...stage.asks, x: larger.data, noise: draws(larger.data.length) }
    },
  })
  const output = unscale(tensor(stage.shape, unscaled(sampling, x, sigmas.at(-1)!)), format)
  return { output, denoised: last ? unscale(last, format) : output }
}

const masked = () =>
  new Error(
    'A sampler that changes the size of the latent cannot keep a part of it. Remove the noise mask ' +
      'or choose another sampler.',
  )

/** A run on latents of one size. */
interface StageParts extends Pick<GuidedRun, 'guider' | 'sigmas'> {
  from: NoisedLatent
  kept?: Kept
  watch: Watch
  work: WorkWatch
}

async function stageFor({ guider, sigmas, from, kept, watch, work }: StageParts) {
  const { model, prompts } = guider
  const { sampling, patches } = model
  const { shape } = from.samples
  const sides = prepareConditions(model, prompts, shape, from)
  watch.signal.throwIfAborted()
  const network = await model.network(shape, work)
  const guided = guidedLook({ guider, network, sides, from, work })
  const look = async (x: Float32Array, sigma: number, both: boolean) => {
    watch.signal.throwIfAborted()
    const mask = kept && patches?.mask?.(kept.mask, { sigma, sigmas, sampling })
    const now = kept && { ...kept, mask: mask ?? kept.mask }
    const shown = now ? keepBefore(sampling, now, x, sigma) : x
    const guess = await guided(tensor(shape, shown), sigma, both)
    return now ? { ...guess, denoised: keepAfter(now, guess.denoised) } : guess
  }
  const asks: Pick<SamplerInput, 'denoise' | 'denoiseBoth'> = {
    denoise: async (x, sigma) => (await look(x, sigma, false)).denoised,
    denoiseBoth: (x, sigma) => look(x, sigma, true),
  }
  return { shape, asks, preview: previewer(model, shape, watch) }
}

/** A latent at `factor` times the size of another. */
function resizedTo(
  shape: readonly number[],
  factor: number,
  latent: Tensor,
  method: LatentResizeMethod,
): Tensor {
  const [height, width] = shape.slice(-2).map(side => Math.max(1, roundHalfEven(side * factor)))
  return resizeLatent(latent, width!, height!, method)
}

/** How far the work is that comes before the first step, then how far the steps are again. */
const beforehand = (
  { signal, progress }: Watch,
  steps: () => [done: number, of: number],
): WorkWatch => ({
  signal,
  progress: (done, of, doing) =>
    done < of ? progress(done, of, undefined, doing) : progress(...steps()),
})

interface Asked {
  guider: Guider
  network: Network
  /** Of the guider's prompts. */
  sides: readonly (readonly Condition[])[]
  /** What the run starts from, for prompts that come later. */
  from: NoisedLatent
  work: WorkWatch
}

/** Begins a guider's run. → what it makes of x at one noise level. */
function guidedLook({ guider, network, sides, from, work }: Asked) {
  const { model } = guider
  const { sampling } = model
  const guide = guider.begin()
  const { patches } = model
  const reuse = patches?.reuse?.network && new NetworkReuse(patches.reuse.network, sampling)
  const { prompts } = guider
  const negativePlace = prompts.findIndex(({ role }) => role === 'negative')
  const look = (x: Tensor, sigma: number, both: boolean): Promise<Guided> => {
    const ask = (asked: Asked['sides'], at = x, without?: Weakening) =>
      askSides(network, sampling, asked, at, sigma, { work, without })
    let attention: Tensor | undefined
    const watch = (places: readonly number[]) => (side: number, got: Tensor) => {
      if (places[side] === negativePlace) attention = got
    }
    const moment: GuiderMoment = {
      x,
      sigma,
      sampling,
      askOwn: (...places) => {
        const asked = places.map(place => sides[place]!)
        const seen = patches?.watchesAttention ? watch(places) : undefined
        return askSides(network, sampling, asked, x, sigma, { seen, reuse, work })
      },
      askWeakened: async without => (await ask(sides.slice(0, 1), x, without))[0]!,
      ask: async conditioning => {
        const prompt = { role: 'negative', conditioning } as const
        return (await ask(prepareConditions(model, [prompt], x.shape, from)))[0]!
      },
      negative: {
        attention: () => attention,
        ask: async (at, without) => {
          return (await ask([sides[negativePlace] ?? []], at, without))[0]!
        },
      },
    }
    return guide(moment, both)
  }
  const looks = patches?.reuse?.look
  return looks ? leavingOutLooks(looks, sampling, look) : look
}

/** What is drawn along the way begins with the same numbers as the run's own noise, as in ComfyUI. */
function samplerNoise(sigmas: Float32Array, seed: bigint): (size: number) => SamplerNoise {
  let generator: TorchGenerator | undefined
  return size => ({
    gaussian: () => (generator ??= new TorchGenerator(seed)).normal(size),
    brownian: () => brownianNoise(size, sigmas, seed),
  })
}

/** Makes a preview of x0 when somebody looks and the last one is old enough. */
function previewer(model: DiffusionModel, shape: readonly number[], watch: Watch) {
  const [height, width] = shape.slice(-2) as [number, number]
  const { latent } = model
  const decode = watch.previews ? watch.models?.previewDecoder?.(latent) : undefined
  let nextMs = Number.NEGATIVE_INFINITY
  return async (denoised: Float32Array): Promise<Preview | undefined> => {
    if (!watch.previews || (latent.rgb.length === 0 && !decode)) return
    const startMs = performance.now()
    if (startMs < nextMs) return
    const preview = await (decode
      ? decodedPreview(latent, decode, denoised, width, height)
      : previewOf(latent, denoised, width, height))
    const tookMs = performance.now() - startMs
    nextMs = startMs + Math.max(previewIntervalMs, tookMs * previewShare)
    return preview
  }
}
