// An upscale model as nodes use it: pictures in tiles of 512 with overlap 32.
import { totalmem } from 'node:os'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { RunOptions, UpscaleModel } from './kinds.ts'
import { fromPlanes, toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { progress, runTiled, type Tiling, tileCount } from './tiling.ts'
import { openUpscaleNetwork, type UpscaleNetwork } from './upscale-network.ts'

const tilePixels = 512
const tilePixelsMin = 128
const overlapPixels = 32
/** Feature maps of output size that are alive at once. */
const liveMaps = 3
const activationBytesMax = Math.min(6e9, totalmem() / 3)

export class TiledUpscaler implements UpscaleModel {
  readonly scale: number
  private readonly network: UpscaleNetwork
  private readonly pool: SessionPool
  private readonly recipe: SessionRecipe

  /** @throws ModelError if the file holds no upscaler that we know. */
  constructor(weights: Weights, pool: SessionPool) {
    this.network = openUpscaleNetwork(weights)
    this.scale = this.network.scale
    this.pool = pool
    this.recipe = {
      key: `upscaler ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, '') * 2,
      optimization: 'all',
      build: () => this.network.build(),
    }
  }

  async upscale(image: Tensor, options: RunOptions = {}): Promise<Tensor> {
    const [count, height, width] = image.shape as [number, number, number, number]
    const { scale } = this
    const tiling = { tile: this.tile(), overlap: overlapPixels, scale, outChannels: 3 }
    const done = progress(count * tileCount(height, width, tiling), options)
    const out = tensor([count, height * scale, width * scale, 3])
    for (let index = 0; index < count; index++) {
      const planes = toPlanes(image, index)
      const large = await runTiled(planes, tiling, x => this.run(x), done, options.signal)
      fromPlanes(large, out, index)
    }
    return out
  }

  /** Tiles are made smaller only where 512 would not fit into this machine's memory. */
  private tile(): Tiling['tile'] {
    const { maps } = this.network
    let tile = tilePixels
    while (tile > tilePixelsMin && liveMaps * maps * tile ** 2 * 4 > activationBytesMax) tile /= 2
    return tile
  }

  /** Clamped before tiles are blended. */
  private async run(tile: Tensor): Promise<Tensor> {
    const out = await this.enlarge(tile)
    const { data } = out
    for (let i = 0; i < data.length; i++) data[i] = Math.min(1, Math.max(0, data[i]!))
    return out
  }

  /** The network's own answer to a tile [1,3,H,W], which may leave 0..1. */
  async enlarge(tile: Tensor): Promise<Tensor> {
    const [, , height, width] = tile.shape as [number, number, number, number]
    const { least = 1, multiple, scale, feeds } = this.network
    // One after the other: the second time, what was added is mirrored as well.
    const enough = reflect(tile, length => Math.max(length, least))
    const padded = reflect(enough, length => Math.ceil(length / multiple) * multiple)
    const [, , fullHeight, fullWidth] = padded.shape as [number, number, number, number]
    const also = feeds?.(fullHeight, fullWidth)
    const out = (await this.pool.run(this.recipe, { image: padded, ...also })).out!
    return padded === tile ? out : cut(out, height * scale, width * scale)
  }
}

/** Mirrors the right and bottom edges up to the lengths wanted, then repeats the last pixel. */
function reflect(x: Tensor, up: (length: number) => number): Tensor {
  const [, channels, height, width] = x.shape as [number, number, number, number]
  if (up(height) === height && up(width) === width) return x
  const out = tensor([1, channels, up(height), up(width)])
  const mirror = (at: number, length: number) =>
    at < length ? at : Math.max(0, 2 * length - 2 - at)
  let to = 0
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < up(height); row++) {
      const from = (c * height + mirror(row, height)) * width
      for (let column = 0; column < up(width); column++)
        out.data[to++] = x.data[from + mirror(column, width)]!
    }
  return out
}

function cut(x: Tensor, height: number, width: number): Tensor {
  const [, channels, fullHeight, fullWidth] = x.shape as [number, number, number, number]
  const out = tensor([1, channels, height, width])
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < height; row++) {
      const from = (c * fullHeight + row) * fullWidth
      out.data.set(x.data.subarray(from, from + width), (c * height + row) * width)
    }
  return out
}
