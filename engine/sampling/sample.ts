// A whole run: noise, guidance, sampler, inpainting, progress and previews.
import type { Conditioning, DiffusionModel, Latent } from '../models/kinds.ts'
import type { Preview, RunContext } from '../nodes/define.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { brownianNoise } from './brownian.ts'
import { prepareConditions } from './conditions.ts'
import { noised, startsWhole, unscaled } from './denoiser.ts'
import { guide } from './guidance.ts'
import { type Kept, keepAfter, keepBefore, latentMask } from './inpaint.ts'
import { initialNoise, TorchGenerator } from './noise.ts'
import { previewIntervalMs, previewOf } from './preview.ts'
import { freshInpaintNoise, type SamplerName, samplers } from './samplers/registry.ts'
import type { SamplerNoise } from './samplers/sampler.ts'

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

type Watch = Pick<RunContext, 'signal' | 'progress' | 'previews'>

/** → the latent at the last σ, [B,C,h,w] unscaled. @throws the signal's reason between steps. */
export async function sample(options: SampleOptions, watch: Watch): Promise<Tensor> {
  const { model, seed, cfg, sigmas, latent, sampler: name, addNoise = true } = options
  if (sigmas.length === 0) return latent.samples
  const { sampling, latent: format } = model
  const samples = withChannels(latent.samples, format.channels)
  const { shape } = samples
  const noise = addNoise
    ? initialNoise(shape, seed, latent.batchIndex).data
    : new Float32Array(sizeOf(shape))
  // An empty latent means nothing, not grey: it is not shifted or scaled.
  const empty = samples.data.every(value => value === 0)
  const start = empty
    ? samples.data
    : samples.data.map(value => (value - format.shift) * format.scale)
  const kept: Kept | undefined = latent.noiseMask && {
    mask: latentMask(latent.noiseMask, shape),
    latent: start,
    noise: freshInpaintNoise.has(name) ? initialNoise(shape, seed).data : noise,
  }

  const conditions = prepareConditions(model, options.positive, options.negative, shape)
  watch.signal.throwIfAborted()
  const network = await model.network()
  const look = async (x: Float32Array, sigma: number, both: boolean) => {
    watch.signal.throwIfAborted()
    const shown = kept ? keepBefore(sampling, kept, x, sigma) : x
    const guidance = { cfg, ...conditions }
    const guided = await guide(network, sampling, guidance, tensor(shape, shown), sigma, both)
    return kept ? { ...guided, denoised: keepAfter(kept, guided.denoised) } : guided
  }

  const preview = previewer(model, shape, watch)
  const x = await samplers[name]({
    x: noised(sampling, start, noise, sigmas[0]!, startsWhole(sampling, sigmas[0]!)),
    sigmas,
    sampling,
    denoise: async (x, sigma) => (await look(x, sigma, false)).denoised,
    denoiseBoth: (x, sigma) => look(x, sigma, true),
    noise: samplerNoise(sizeOf(shape), sigmas, seed),
    step: async (done, of, denoised) => watch.progress(done, of, await preview(denoised)),
  })
  const end = unscaled(sampling, x, sigmas.at(-1)!)
  return tensor(
    shape,
    end.map(value => value / format.scale + format.shift),
  )
}

/** A run's own noise has the seed; what is drawn along the way has the next one, as in ComfyUI. */
function samplerNoise(size: number, sigmas: Float32Array, seed: bigint): SamplerNoise {
  let generator: TorchGenerator | undefined
  return {
    gaussian: () => (generator ??= new TorchGenerator(seed)).normal(size),
    brownian: () => brownianNoise(size, sigmas, seed),
  }
}

/** An empty latent takes the model's channels. @throws when a full one has another number. */
function withChannels(samples: Tensor, channels: number): Tensor {
  const [batch, own, ...size] = samples.shape
  if (own === channels) return samples
  if (samples.data.some(value => value !== 0))
    throw new Error(
      `The latent has ${own} channels, the model works with ${channels}. It was made for another ` +
        'family of models: encode the picture with the VAE of this checkpoint.',
    )
  return tensor([batch!, channels, ...size])
}

/** Makes a preview of x0 when somebody looks and the last one is old enough. */
function previewer(model: DiffusionModel, shape: readonly number[], watch: Watch) {
  const [height, width] = shape.slice(-2) as [number, number]
  let lastMs = Number.NEGATIVE_INFINITY
  return async (denoised: Float32Array): Promise<Preview | undefined> => {
    if (!watch.previews || performance.now() - lastMs < previewIntervalMs) return
    lastMs = performance.now()
    return previewOf(model.latent, denoised, width, height)
  }
}
