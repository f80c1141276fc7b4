// The KL autoencoder as nodes use it: pictures in 0..1, latents as the sampler leaves them.
import { totalmem } from 'node:os'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { RunOptions, Vae } from './kinds.ts'
import { fromPlanes, toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { runTiled, type Tiling, tileCount } from './tiling.ts'
import { buildVaeDecoder, buildVaeEncoder, type VaeConfig, vaeConfig } from './vae-graph.ts'

/** Feature maps of full size that are alive at once. */
const liveMaps = 4
/** Activations may take this much before a picture is cut into tiles. */
const activationBytesMax = Math.min(4e9, totalmem() / 4)
const tilePixels = 512
const overlapPixels = 128

export class KlVae implements Vae {
  readonly downscale: number
  readonly latentChannels: number
  private readonly pool: SessionPool
  private readonly config: VaeConfig
  private readonly decoder: SessionRecipe
  private readonly encoder: SessionRecipe

  constructor(weights: Weights, pool: SessionPool) {
    const config = vaeConfig(weights)
    this.config = config
    this.pool = pool
    this.downscale = config.downscale
    this.latentChannels = config.latentChannels
    const recipe = (name: string, build: typeof buildVaeDecoder): SessionRecipe => ({
      key: `vae ${name} ${identity(weights)}`,
      costBytes: weightBytes(weights, `${config.prefix}${name}.`),
      build: () => build(weights, config),
    })
    this.decoder = recipe('decoder', buildVaeDecoder)
    this.encoder = recipe('encoder', buildVaeEncoder)
  }

  async decode(latent: Tensor, options: RunOptions = {}): Promise<Tensor> {
    const [count, channels, height, width] = latent.shape as [number, number, number, number]
    const { downscale: scale } = this
    if (channels !== this.latentChannels)
      throw new ModelError(
        `This VAE takes latents of ${this.latentChannels} channels, these have ${channels}. ` +
          'Use the VAE that belongs to the model.',
      )
    const image = tensor([count, height * scale, width * scale, 3])
    const tiling = this.tiling(height * scale, width * scale, scale, 1 / scale, 3)
    const done = progress(count * tileCount(height, width, tiling), options)
    const area = channels * height * width
    for (let index = 0; index < count; index++) {
      const one = tensor(
        [1, channels, height, width],
        latent.data.slice(index * area, (index + 1) * area),
      )
      const planes = await runTiled(
        one,
        tiling,
        x => this.run(this.decoder, x),
        done,
        options.signal,
      )
      fromPlanes(planes, image, index, { gain: 0.5, offset: 0.5 })
    }
    return image
  }

  async encode(image: Tensor, options: RunOptions = {}): Promise<Tensor> {
    const { downscale, latentChannels } = this
    const [count, fullHeight, fullWidth] = image.shape as [number, number, number, number]
    const height = Math.floor(fullHeight / downscale)
    const width = Math.floor(fullWidth / downscale)
    if (height === 0 || width === 0)
      throw new ModelError(
        `A picture of ${fullWidth} × ${fullHeight} pixels is too small to encode: this VAE needs at ` +
          `least ${downscale} × ${downscale}.`,
      )
    const latent = tensor([count, latentChannels, height, width])
    const size = { height: height * downscale, width: width * downscale }
    const tiling = this.tiling(size.height, size.width, 1 / downscale, 1, latentChannels)
    const done = progress(count * tileCount(size.height, size.width, tiling), options)
    for (let index = 0; index < count; index++) {
      const planes = toPlanes(image, index, { gain: 2, offset: -1, multiple: downscale })
      const one = await runTiled(
        planes,
        tiling,
        x => this.run(this.encoder, x),
        done,
        options.signal,
      )
      latent.data.set(one.data, index * latentChannels * height * width)
    }
    return latent
  }

  private async run(recipe: SessionRecipe, x: Tensor): Promise<Tensor> {
    if (recipe === this.decoder) return (await this.pool.run(recipe, { latent: x })).image!
    return (await this.pool.run(recipe, { image: x })).latent!
  }

  /** One tile for all unless its activations would not fit. `unit`: input pixels per image pixel. */
  private tiling(
    height: number,
    width: number,
    scale: number,
    unit: number,
    outChannels: number,
  ): Tiling {
    const bytes = liveMaps * this.config.baseChannels * height * width * 4
    const whole = Math.max(height, width)
    const tile = bytes > activationBytesMax ? tilePixels : whole
    return { tile: tile * unit, overlap: overlapPixels * unit, scale, outChannels }
  }
}

/** Counts calls into `options.progress`. */
export function progress(of: number, options: RunOptions): () => void {
  let done = 0
  return () => options.progress?.(++done, of)
}
