// Autoencoders as nodes use them: pictures in 0..1, latents as the sampler leaves them.
import { totalmem } from 'node:os'
import { ModelError } from '../inference/model-error.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { onePicture } from '../sampling/latents.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { Vae, VaeOptions } from './kinds.ts'
import { checkLayout, type Layout } from './layout.ts'
import { vaeDecoderLayout, vaeEncoderLayout } from './layouts-diffusion.ts'
import { fromPlanes, toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { progress, runTilings, type Tiling, threeTilings, tileCount } from './tiling.ts'
import { buildVaeDecoder, buildVaeEncoder, vaeConfig } from './vae-graph.ts'

/** Feature maps of full size that are alive at once. */
const liveMaps = 4
/** Activations may take this much before a picture is cut into tiles. */
const activationBytesMax = Math.min(4e9, totalmem() / 4)
/** Weights of autoencoders for previews take less. */
const previewBytes = 32e6
/** Sessions with larger feature maps are closed after use. */
const keptMapBytes = 256e6
const tilePixels = 512
const overlapPixels = 128

interface Size {
  height: number
  width: number
}

/** Both halves take and give pictures as planes in -1..1, and unscaled latents. */
export interface VaeNetwork {
  downscale: number
  latentChannels: number
  /** Channels at full resolution: what a picture's activations cost. */
  baseChannels: number
  decoder: SessionRecipe
  encoder: SessionRecipe
  /** The same for pictures that are at least `tallPixels` high. */
  tall?: { decoder: SessionRecipe; encoder: SessionRecipe }
}

const tallPixels = 64

export class ConvolutionalVae implements Vae {
  readonly downscale: number
  readonly latentChannels: number
  private readonly pool: SessionPool
  private readonly network: VaeNetwork

  constructor(network: VaeNetwork, pool: SessionPool) {
    this.network = network
    this.pool = pool
    this.downscale = network.downscale
    this.latentChannels = network.latentChannels
  }

  async decode(samples: Tensor, options: VaeOptions = {}): Promise<Tensor> {
    const latent = onePicture(samples)
    const [count, channels, height, width] = latent.shape as [number, number, number, number]
    const { downscale: scale } = this
    if (channels !== this.latentChannels)
      throw new ModelError(
        `This VAE takes latents of ${this.latentChannels} channels, these have ${channels}. ` +
          'Use the VAE that belongs to the model.',
      )
    const image = tensor([count, height * scale, width * scale, 3])
    const size = { height: height * scale, width: width * scale }
    await this.makeRoom(size, this.recipes(size.height).decoder)
    const tilings = this.tilings(size, { scale, outChannels: 3 }, 1 / scale, options)
    const done = progress(count * tileCounts(height, width, tilings), options)
    const area = channels * height * width
    for (let index = 0; index < count; index++) {
      const one = tensor(
        [1, channels, height, width],
        latent.data.slice(index * area, (index + 1) * area),
      )
      const planes = await runTilings(one, tilings, x => this.decodePlanes(x), done, options.signal)
      fromPlanes(planes, image, index, { gain: 0.5, offset: 0.5 })
    }
    await this.letGoOfMaps(size, this.recipes(size.height).decoder)
    return image
  }

  async encode(image: Tensor, options: VaeOptions = {}): Promise<Tensor> {
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
    await this.makeRoom(size, this.recipes(size.height).encoder)
    const output = { scale: 1 / downscale, outChannels: latentChannels }
    const tilings = this.tilings(size, output, 1, options)
    const done = progress(count * tileCounts(size.height, size.width, tilings), options)
    for (let index = 0; index < count; index++) {
      const planes = toPlanes(image, index, { gain: 2, offset: -1, multiple: downscale })
      const one = await runTilings(planes, tilings, x => this.encodePlanes(x), done, options.signal)
      latent.data.set(one.data, index * latentChannels * height * width)
    }
    await this.letGoOfMaps(size, this.recipes(size.height).encoder)
    return latent
  }

  private async decodePlanes(latent: Tensor): Promise<Tensor> {
    const { decoder } = this.recipes(latent.shape[2]! * this.downscale)
    return (await this.pool.run(decoder, { latent })).image!
  }

  private async encodePlanes(image: Tensor): Promise<Tensor> {
    const { encoder } = this.recipes(image.shape[2]!)
    return (await this.pool.run(encoder, { image })).latent!
  }

  private recipes(height: number) {
    return (height >= tallPixels && this.network.tall) || this.network
  }

  /** The first maps of full size have twice the channels of the last. */
  private mapBytes({ height, width }: Size): number {
    const bytes = 2 * liveMaps * this.network.baseChannels * height * width * 4
    return Math.min(activationBytesMax, bytes)
  }

  /** Small ones decode previews between steps, when the network of the steps must stay. */
  private async makeRoom(size: Size, { costBytes }: SessionRecipe): Promise<void> {
    if (costBytes > previewBytes) await this.pool.makeRoom(this.mapBytes(size))
  }

  /** A session keeps the memory of its feature maps, which others want. */
  private async letGoOfMaps(size: Size, { key, costBytes }: SessionRecipe): Promise<void> {
    if (costBytes > previewBytes && this.mapBytes(size) > keptMapBytes) await this.pool.letGo(key)
  }

  /** One tile for all unless its activations would not fit. `unit`: input pixels per image pixel. */
  private tilings(
    { height, width }: Size,
    output: Pick<Tiling, 'scale' | 'outChannels'>,
    unit: number,
    { tiles }: VaeOptions,
  ): Tiling[] {
    if (tiles) {
      const tile = Math.floor(tiles.size * unit)
      // Of the narrow tiles too, each must bring at least a latent pixel that the last one had not.
      const overlapMax = Math.floor(tile / 2) - unit * this.downscale
      const overlap = Math.min(Math.floor(tiles.overlap * unit), overlapMax)
      return threeTilings({ ...output, tile, overlap })
    }
    const bytes = liveMaps * this.network.baseChannels * height * width * 4
    const whole = Math.max(height, width)
    const tile = bytes > activationBytesMax ? tilePixels : whole
    return [{ ...output, tile: tile * unit, overlap: overlapPixels * unit }]
  }
}

/** The KL autoencoder of a checkpoint, or of a file of its own. */
export class KlVae extends ConvolutionalVae {
  readonly stored: NonNullable<Vae['stored']>

  constructor(weights: Weights, pool: SessionPool) {
    const config = vaeConfig(weights)
    const recipe = (
      name: string,
      build: typeof buildVaeDecoder,
      layout: Layout,
      tall: boolean,
    ): SessionRecipe => ({
      key: `${tall ? 'tall ' : ''}vae ${name} ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, `${config.prefix}${name}.`),
      build: () => {
        checkLayout(weights, config.prefix, layout)
        return build(weights, config, { tall })
      },
    })
    const halves = (tall: boolean) => ({
      decoder: recipe('decoder', buildVaeDecoder, vaeDecoderLayout, tall),
      encoder: recipe('encoder', buildVaeEncoder, vaeEncoderLayout, tall),
    })
    super({ ...config, ...halves(false), tall: halves(true) }, pool)
    this.stored = { weights, prefix: config.prefix }
  }
}

const tileCounts = (height: number, width: number, tilings: readonly Tiling[]): number =>
  tilings.reduce((sum, tiling) => sum + tileCount(height, width, tiling), 0)
